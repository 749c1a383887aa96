//! The columns of every file, each once: its name, the Chinese names it may carry, and whether it must be there.

/// One column.
pub(super) struct Column {
    /// Name in the documentation and in what `register export` writes.
    pub(super) name: &'static str,
    /// Whether the file is unreadable without it.
    pub(super) required: bool,
    /// Other names that spreadsheets carry.
    pub(super) aliases: &'static [&'static str],
}

/// One file.
pub(super) struct Table {
    /// File name.
    pub(super) file: &'static str,
    /// Its columns in the order in which they are written.
    pub(super) columns: &'static [Column],
}

const fn need(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column { name, required: true, aliases }
}

const fn may(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column { name, required: false, aliases }
}

const FROM: Column = may("from", &["开始日期", "起始日期", "生效日期", "开始", "起"]);
const TO: Column = may("to", &["结束日期", "终止日期", "失效日期", "结束", "止"]);

pub(super) const BODIES: Table = Table {
    file: "bodies.csv",
    columns: &[
        need("body", &["单位编号", "单位", "处室编号", "处室", "部门编号", "部门"]),
        need("name", &["名称", "单位名称", "处室名称", "部门名称"]),
        may("parent", &["上级单位", "上级编号", "上级"]),
        may("level", &["级别", "层级", "行政级别"]),
        may("authorised_headcount", &["编制定员", "编制人数", "编制"]),
        may("energy_headcount", &["用能人数", "用能人员"]),
        may("quota_zone", &["定额分区", "定额区域"]),
        FROM,
        TO,
    ],
};

pub(super) const PLACES: Table = Table {
    file: "places.csv",
    columns: &[
        need("place", &["场所编号", "场所", "空间编号", "房间编号"]),
        need("kind", &["场所类型", "类型", "类别"]),
        may("parent", &["上级场所", "上级编号", "上级"]),
        may("label", &["名称", "场所名称", "标签", "房间名称"]),
        may("use", &["用途", "房间用途", "使用功能"]),
        may("floor_area_m2", &["建筑面积"]),
        may("usable_area_m2", &["使用面积"]),
        may("heated_area_m2", &["采暖面积", "供暖面积", "供热面积"]),
        may("excluded_area_m2", &["扣除面积", "不计面积"]),
        may("body", &["单位编号", "单位", "使用单位", "处室", "部门"]),
        may("capacity", &["座位数", "工位数", "容纳人数"]),
        may("storeys", &["地上层数", "层数", "楼层数"]),
        may("climate_zone", &["气候分区", "气候区"]),
        may("building_type", &["建筑类型"]),
        may("building_class", &["建筑类别", "建筑分类"]),
        FROM,
        TO,
    ],
};

pub(super) const POSTS: Table = Table {
    file: "posts.csv",
    columns: &[
        need("post", &["职位编号", "职位", "岗位编号", "岗位"]),
        need("rank", &["职级", "职务级别", "职务"]),
        need("body", &["单位编号", "单位", "处室", "部门"]),
        need("room", &["房间编号", "房间", "办公室"]),
        FROM,
        TO,
    ],
};

pub(super) const SENSORS: Table = Table {
    file: "sensors.csv",
    columns: &[
        need("sensor", &["传感器编号", "传感器", "设备编号"]),
        need("place", &["场所编号", "场所", "安装位置", "房间编号"]),
        may("profile", &["设备型号", "型号", "配置"]),
        may("interval_s", &["上报间隔", "采样间隔", "间隔秒数"]),
        may("max_gap_s", &["最大间隔", "最长保持"]),
        may("reporting", &["上报方式"]),
        may("hold_off_s", &["延时", "保持占用"]),
        may("zone", &["分区", "计数分区"]),
        may("overlaps", &["重叠分区"]),
        may("scale", &["系数", "比例"]),
        may("offset", &["偏移", "修正值"]),
        FROM,
        TO,
    ],
};

pub(super) const METERS: Table = Table {
    file: "meters.csv",
    columns: &[
        need("sensor", &["表计编号", "表计", "表号", "传感器编号", "传感器"]),
        need("place", &["场所编号", "场所", "安装位置"]),
        need("carrier", &["能源种类", "介质", "能源类型"]),
        may("end_use", &["分项", "用能分项"]),
        may("parent", &["上级表计", "上级表号", "上级"]),
        may("multiplier", &["倍率", "互感器倍率"]),
        may("interval_s", &["上报间隔", "采样间隔", "间隔秒数"]),
        may("max_gap_s", &["最大间隔", "最长保持"]),
        may("rollover_at", &["满码值", "翻转值"]),
        may("zero_is_gap", &["零值视为缺失", "零为缺测"]),
        may("rated_kw", &["额定功率"]),
        FROM,
        TO,
    ],
};

pub(super) const METER_EVENTS: Table = Table {
    file: "meter_events.csv",
    columns: &[
        need("sensor", &["表计编号", "表计", "表号", "传感器编号", "传感器"]),
        need("time", &["时间", "发生时间"]),
        need("kind", &["事件类型", "类型", "事件"]),
        may("old_reading", &["旧表读数", "旧表底数"]),
        may("new_reading", &["新表读数", "新表底数"]),
        may("multiplier", &["倍率", "新倍率"]),
        FROM,
        TO,
    ],
};

pub(super) const RECIPIENTS: Table = Table {
    file: "recipients.csv",
    columns: &[
        need("recipient", &["收件人编号", "收件人"]),
        need("mail", &["邮箱", "电子邮箱", "邮件地址"]),
        may("language", &["语言"]),
        may("time_zone", &["时区"]),
        may("place", &["场所编号", "场所"]),
        may("body", &["单位编号", "单位", "处室", "部门"]),
        may("severity_at_least", &["最低级别", "告警级别"]),
        may("deputy", &["代理人", "代收人"]),
        may("absent_from", &["离岗开始", "缺席开始"]),
        may("absent_to", &["离岗结束", "缺席结束"]),
        FROM,
        TO,
    ],
};

pub(super) const WAIVERS: Table = Table {
    file: "waivers.csv",
    columns: &[
        need("clause", &["条款", "条款编号"]),
        may("place", &["场所编号", "场所"]),
        may("body", &["单位编号", "单位", "处室", "部门"]),
        need("reason", &["理由", "原因"]),
        need("approver", &["批准人", "批准职位", "审批"]),
        FROM,
        TO,
    ],
};

/// The calendar; its file name is the register's to choose, this one is what the template uses.
pub(super) const CALENDAR: Table = Table {
    file: "calendar.csv",
    columns: &[
        need("date", &["日期"]),
        need("kind", &["类型", "类别"]),
        may("name", &["名称", "节日", "说明"]),
    ],
};

/// Every file with a fixed name.
pub(super) const FIXED: [&Table; 8] =
    [&BODIES, &PLACES, &POSTS, &SENSORS, &METERS, &METER_EVENTS, &RECIPIENTS, &WAIVERS];

impl Table {
    /// The column of a header cell that has been [folded](fold).
    pub(super) fn find(&self, header: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.name == header || c.aliases.contains(&header))
    }

    /// The column whose name or alias is nearest to a header cell.
    pub(super) fn nearest(&self, header: &str) -> &'static str {
        let names = |c: &'static Column| std::iter::once(c.name).chain(c.aliases.iter().copied());
        let best = self.columns.iter().flat_map(|c| names(c).map(move |name| (c.name, name)));
        best.min_by_key(|(_, name)| crate::nearest::distance(header, name)).map_or("", |(column, _)| column)
    }
}

/// A header cell without what spreadsheets add: blanks, case, and a unit in brackets.
pub(super) fn fold(header: &str) -> String {
    let bare = header.split(['(', '（']).next().unwrap_or_default();
    bare.trim().to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_two_columns_of_one_file() {
        for table in FIXED.into_iter().chain([&CALENDAR]) {
            let mut seen = std::collections::BTreeSet::new();
            for column in table.columns {
                for name in std::iter::once(&column.name).chain(column.aliases) {
                    assert!(seen.insert(*name), "{}: {name}", table.file);
                    assert_eq!(fold(name), *name);
                }
            }
        }
    }

    #[test]
    fn the_documentation_lists_every_column_with_its_names() {
        let page = include_str!("../../../../docs/register.md");
        for table in FIXED.into_iter().chain([&CALENDAR]) {
            let heading = format!("### {} ", table.file);
            let section =
                page.split("\n### ").map(|part| format!("### {part}")).find(|p| p.starts_with(&heading));
            let section = section.unwrap_or_default();
            for column in table.columns {
                let name =
                    if column.required { format!("**{}**", column.name) } else { column.name.to_owned() };
                let row = format!("| {name} | {} |", column.aliases.join("、"));
                assert!(section.contains(&row), "{}: {row}", table.file);
            }
        }
    }

    #[test]
    fn a_unit_in_brackets_is_no_part_of_a_column_name() {
        assert_eq!(PLACES.find(&fold("使用面积（㎡）")).map(|c| c.name), Some("usable_area_m2"));
        assert_eq!(PLACES.find(&fold(" Floor Area m2 ")).map(|c| c.name), Some("floor_area_m2"));
    }

    #[test]
    fn the_nearest_column_is_named_by_its_own_name_even_when_an_alias_was_nearer() {
        assert_eq!(PLACES.nearest("usable_aera"), "usable_area_m2");
        assert_eq!(PLACES.nearest("使用的面积"), "usable_area_m2");
    }
}
