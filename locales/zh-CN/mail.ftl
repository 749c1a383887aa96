# 告警邮件用语。各语言标识符一致；缺少的条目以英文代替。

# 邮件主题
subject-one = 【{ $badge }】{ $place }：{ $title }{ $figures }
subject-figures = ，实测 { $value }（限值{ $limit }）
subject-many = 【{ $badge }】{ $place }：{ $counts }
subject-old = 【汇总】历史问题 { $count } 项
subject-baseline = 【基线】首次启用时的台账问题 { $count } 项
subject-unproven = 【汇总】近期缺少数据佐证的告警 { $count } 项

badge-firing = 告警
badge-critical = 严重告警
badge-suspected = 疑似问题
badge-resolved = 已恢复
badge-ended = 已结束
badge-revised = 更正
badge-unproven = 待核实
badge-withdrawn = 已撤销
badge-reminder = 持续告警
badge-changes = 告警变动

count-firing = 新增 { $n } 项
count-ended = 已结束 { $n } 项
count-resolved = 恢复 { $n } 项
count-revised = 更正 { $n } 项
count-unproven = 待核实 { $n } 项
count-withdrawn = 撤销 { $n } 项
count-reminder = 持续 { $n } 项
count-join = ，
list-join = 、

bodies = 各单位
more = 另有 { $n } 项，请在控制台查看。

# 首句
intro-firing = 该项不符合限值要求。
intro-firing-suspected = 该项疑似不符合限值要求。传感器只能提示，请现场核实。
intro-resolved = 传感器数据证实，该项已恢复达标。
intro-resolved-register = 台账数据表明，该项已恢复达标。
intro-withdrawn = 台账或标准已变更，该项不再判定。没有数据证实其已恢复达标。
intro-ended = 该项在本邮件发出前已出现并结束。
intro-revised = 补传数据改变了此前通报的结果。
intro-revised-free = 补传数据改变了此前通报的结果：该项实际符合限值要求。
intro-unproven = 该项仍按告警处理，但已有一段时间没有数据可以佐证，请检查传感器。
intro-reminder = 该项仍在告警。
intro-many = { $place }：{ $counts }。
intro-old = 以下问题发生在一天以前，是读取历史数据时发现的，在此一次性汇总通报。
intro-baseline = 以下问题由台账数据直接得出，在系统启用前即已存在，在此一次性汇总通报。
intro-unproven-digest = 以下告警仍按未恢复处理，但已有一段时间没有数据可以佐证，请检查相应传感器。

# 栏目
label-place = 场所
label-body = 使用单位
label-since = 开始时间
label-until = 结束时间
label-window = 判定时段
label-value = 实测值
label-value-register = 台账值
label-measure = 判定指标
label-told-value = 此前通报值
label-limit = 限值
label-coverage = 数据完整率
label-evidence = 证据等级
label-clause = 依据条款
label-provenance = 限值来源
label-severity = 严重程度
label-remedy = 处理建议
label-why = 判定说明
label-alert = 告警编号
label-link = 查看告警

limit-at-most = 不高于 { $limit }
limit-at-least = 不低于 { $limit }
no-value = 无数值
place-with-id = { $label }（{ $id }）
time-in-zone = { $time }（UTC{ $offset }，{ $zone }）
document-citation = { $document }，{ $citation }
clause-full = { $citation }（{ $id }）

coverage-full = 100%，判定时段内数据无缺失
coverage-part = { $percent }%，其余时段无有效数据
coverage-little = 不足 1%
coverage-register = 完整，由台账数据直接判定

evidence-firm = 确定：以实测值直接判定
evidence-suspicion = 疑似：传感器只能提示，须现场核实

provenance-official = 查自正式文本
provenance-two_sources = 两个独立来源一致
provenance-one_source = 单一来源
provenance-derived = 由该文件其他数值推算
provenance-policy = 管理单位自定的阈值，非标准规定
provenance-unverified = 未经核实，由管理单位确认采用

severity-info = 提示
severity-warning = 一般
severity-critical = 严重

state-firing = 告警中
state-suspected = 疑似
state-resolved = 已恢复
state-ended = 已结束
state-revised = 已更正
state-unproven = 待核实
state-withdrawn = 已撤销
state-reminder = 持续告警

# 后续
next-firing = 只有传感器数据证实恢复达标后，才会发送恢复通知；传感器中断或拆除不视为恢复。
next-register = 台账数据更新并达标后，会发送恢复通知。
next-repeat = 在此之前会定期提醒。
next-withdrawn = 本告警不再发送后续邮件；如该条款重新启用，将重新判定。
next-resolved = 除非补传数据更正结果，本告警不再发送后续邮件。
footer = 本邮件由 normwatch 自动发送至 { $mail }（{ $recipient }）。
footer-deputy = 本邮件由 normwatch 自动发送至 { $mail }（{ $recipient }），因 { $absent } 不在岗而由您代收。
footer-zone = 文中时间均为 { $zone } 时间。
footer-example = 这是一封示例邮件，并无实测数据。

# 场所类别
kind-site = 院区
kind-building = 楼宇
kind-floor = 楼层
kind-room = 房间

# 指标
measure-utilisation = 工作时间使用率
measure-seat_utilisation = 座位使用率
measure-space_utilisation = 按面积核定人数的到岗率
measure-peak_people = 同时在场最多人数
measure-idle_working_days = 工作日闲置天数
measure-area_per_person = 在场人均使用面积
measure-private_office_area = 办公室使用面积（每职位）
measure-service_area = 服务用房使用面积（人均）
measure-co2_hour_mean = 二氧化碳小时均值
measure-co2_day_mean = 二氧化碳日均值
measure-temperature_hour_mean = 室温小时均值
measure-humidity_hour_mean = 相对湿度小时均值
measure-illuminance = 平均照度
measure-lighting_power_density = 照明功率密度
measure-electricity = 用电量
measure-gas = 用气量
measure-heat = 用热量
measure-water = 用水量
measure-eui = 单位建筑面积年能耗
measure-eui_corrected = 单位建筑面积年能耗（修正后）
measure-energy_per_person = 人均综合能耗
measure-water_per_person = 人均用水量
measure-energy_while_empty = 无人时段用电量
measure-night_ratio = 夜间与工作时间功率比
measure-rest_day_ratio = 休息日与工作日能耗比
measure-weather_regularity = 制冷用电与室外温度相关程度（R²）
measure-effective_users = 日均在岗人数
measure-room_area = 房间使用面积
measure-area_per_post = 每岗位使用面积
measure-area_per_fte = 人均办公使用面积
measure-canteen_area = 食堂建筑面积
measure-garage_area = 车库建筑面积
measure-equipment_share = 设备用房与办公、服务用房面积之比
measure-usable_share = 使用面积与建筑面积之比
measure-vacated_days = 最后一个岗位离开后的天数
measure-setpoint_hour_mean = 设定温度小时均值
measure-pm2_5_day_mean = PM2.5 日均值
measure-pm10_day_mean = PM10 日均值
measure-tvoc_day_mean = TVOC 日均值
measure-temperature_outside = 室温超出范围的时间占比
measure-humidity_outside = 相对湿度超出范围的时间占比
measure-co2_above_outdoor = 高于室外的二氧化碳
measure-running_mean_outdoor = 室外温度滑动平均
measure-energy_use_effectiveness = 数据中心总用电与 IT 用电之比
measure-absence = 传感器最长无数据时间
measure-stuck = 读数最长不变时间
measure-window_open = 开窗时间占比
measure-cooling_on = 制冷时间占比
measure-heating_on = 供暖时间占比

unit-count = 人
unit-days = 天
unit-person = 人
value-with-unit = { $value } { $unit }

colon = ：

place-in = { $building } { $place }

# 判定说明
fact-true = 是
fact-false = 否
fact-area_m2 = 面积（m²）
fact-area_per_person_m2 = 人均面积（m²）
fact-authorised_headcount = 编制定员
fact-capacity = 座位数
fact-capacity_people = 按面积核定人数
fact-sensors = 使用的传感器
fact-no_longer_in_force = 已不再执行
fact-judged_from_now_on_by = 今后判定依据
fact-no_longer_applies_to = 台账中已终止，或已不属本条适用范围
fact-handling = 整改时限
fact-excess_over_cap = 超出上限的比例
fact-handling_from = 分级依据
fact-hours = 参与比较的小时数
fact-buildings = 建筑
fact-unheard = 从未收到数据
fact-missing_at = 缺失处
fact-parking_spaces = 停车位
fact-floor_area_m2 = 建筑面积
fact-storeys = 层数
fact-office_and_service_m2 = 办公与服务用房
fact-last_post = 最后岗位
fact-left_on = 离开日期
fact-space_left_out = 已扣除排除面积
fact-headcount_not_used = 未采用用能人数
fact-data_centre_kwh = 数据中心用电 kWh
fact-it_kwh = IT 设备用电 kWh
fact-running_mean_outdoor = 室外温度滑动平均
fact-comfort_temperature = 舒适温度
fact-density_from = 人员密度依据
fact-energy_headcount = 用能人数
fact-factor_density = 人员密度修正系数
fact-factor_electricity = 电力折算系数
fact-factor_gas = 燃气折算系数
fact-factor_heat = 热力折算系数
fact-factor_hours = 使用时间修正系数
fact-factor_water = 用水折算系数
fact-gate = 判定条件
fact-hours_from = 使用时间依据
fact-hours_of_use = 使用时数
fact-mean_people_present = 平均在场人数
fact-meters = 计量表
fact-missing = 台账缺少
fact-missing_attribute = 台账缺少
fact-peak_first_at = 峰值首次出现时间
fact-posts = 职位
fact-ranks = 职级
fact-rest_days = 休息日天数
fact-rooms = 房间
fact-subtracted_electricity = 已扣除用电量
fact-subtracted_gas = 已扣除用气量
fact-subtracted_heat = 已扣除用热量
fact-subtracted_water = 已扣除用水量
fact-uncorrected = 修正前数值
fact-usable_area_m2 = 使用面积（m²）
fact-used_as_observed = 实际计量用量
fact-working_days = 工作日天数

# 取值用语
word-occupied = 房间有人
word-cooling = 供冷期间
word-heating = 供暖期间
word-no-sensor-for-it-here-judged-at-all-times = 全时段（无相应传感器）
word-declared-opening-hours = 申报的开放时间
word-opening-hours = 开放时间
word-must-be-put-right = 必须整改
word-at-the-next-refit-or-change-of-post = 下次装修或岗位变动时整改
word-may-wait-while-no-fitting-room-is-free = 暂无合适房间调换时可缓改
word-energy-headcount = 用能人数
word-authorised-headcount = 编制定员
word-usable-area-m2 = 使用面积
word-floor-area-m2 = 建筑面积
word-heated-area-m2 = 供热面积
word-capacity = 座位数
word-correction = 修正参数
word-level = 单位层级
word-rank = 职级
word-climate-zone = 气候区
word-building-type = 建筑类型
word-building-class = 建筑类别
word-quota-zone = 定额分区
word-site = 院区
word-building = 楼宇
word-floor = 楼层
word-room = 房间
word-minister = 正部级
word-vice-minister = 副部级
word-director-general = 正司（局）级
word-deputy-director-general = 副司（局）级
word-division = 处级
word-governor = 省级正职
word-vice-governor = 省级副职
word-department-head = 正厅（局）级
word-department-deputy = 副厅（局）级
word-division-head = 正处级
word-division-deputy = 副处级
word-below-division = 处级以下
word-mayor = 市级正职
word-vice-mayor = 市级副职
word-bureau-head = 正局（处）级
word-bureau-deputy = 副局（处）级
word-below-bureau = 局（处）级以下
word-county-head = 县级正职
word-county-deputy = 县级副职
word-section-head = 正科级
word-section-deputy = 副科级
word-below-section = 科级以下
word-township-head = 乡级正职
word-township-deputy = 乡级副职
word-township-other = 乡级其他人员
