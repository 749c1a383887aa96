//! The files that `register init` writes: a small register that loads, with every column shown.

use std::collections::BTreeMap;

use crate::register::Register;

const REGISTER: &str = r#"# The register: what this office is, its local time, and which standards judge it.
# Dates in the tables are local days: `from` is the first day, `to` the first day after.

id = "example-office"
time_zone = "Asia/Shanghai"

# Standards packs in use; `normwatch packs list` shows them all.
packs = ["cn-2674-2014", "gb-t-18883-2022", "normwatch-policy-1"]

# Clauses whose limit nobody has checked against the document stay silent until accepted here by id.
accept_unverified = []

# Holidays and make-up workdays. The file beside this one holds an example year: replace it by the published dates.
calendar = "calendar.csv"

[name]
zh = "示例机关办公区"
en = "Example office"

# When people are expected to work: weekdays by name, or a range such as "mon-fri".
[working_hours]
days = ["mon", "tue", "wed", "thu", "fri"]
from = "09:00"
to = "18:00"

# When the building is open; hours of use for the energy correction. Remove it if nobody has declared them.
[opening_hours]
days = "mon-fri"
from = "08:00"
to = "20:00"

# First and last day, both included; heating may go over the new year.
[seasons]
cooling = ["05-15", "10-15"]
heating = ["11-15", "03-15"]
"#;

const BODIES: &str = "\
body,name,parent,level,authorised_headcount,energy_headcount,quota_zone,from,to
bureau,示例局 Example bureau,,county,60,72,,,
office,办公室 General office,bureau,,12,14,,,
";

const PLACES: &str = "\
place,kind,parent,label,use,floor_area_m2,usable_area_m2,heated_area_m2,excluded_area_m2,body,capacity,storeys,climate_zone,building_type,building_class,from,to
campus,site,,示例院区 Example site,,,,,,bureau,,,,,,,
block-a,building,campus,A 座 Block A,,4200,2800,4000,150,,,6,cold,party_office,a,,
block-a-3,floor,block-a,三层 Third floor,,700,430,,,,,,,,,,
a-301,room,block-a-3,301 办公室 Office,single_office,,11.5,,,office,1,,,,,,
a-302,room,block-a-3,302 会议室 Meeting room,meeting,,48,,,office,20,,,,,,
";

const POSTS: &str = "\
post,rank,body,room,from,to
office-head,section_head,office,a-301,2026-01-01,
";

const SENSORS: &str = "\
sensor,place,profile,interval_s,max_gap_s,reporting,hold_off_s,zone,overlaps,scale,offset,from,to
air-301,a-301,,300,900,periodic,900,,,,,2026-01-01,
air-302,a-302,,300,900,periodic,900,,,,,2026-01-01,
count-302-door,a-302,,60,180,periodic,,front,,1,0,2026-01-01,
count-302-wall,a-302,,,7200,on_change,,back,front,,,2026-01-01,2026-07-01
";

const METERS: &str = "\
sensor,place,carrier,end_use,parent,multiplier,interval_s,max_gap_s,rollover_at,zero_is_gap,rated_kw,from,to
meter-a,block-a,electricity,total,,80,900,2700,999999.99,true,,2026-01-01,
meter-a-light,block-a,electricity,lighting,meter-a,1,900,,,,36,2026-01-01,
meter-a-water,block-a,water,,,,3600,,,,,2026-01-01,
";

const METER_EVENTS: &str = "\
sensor,time,kind,old_reading,new_reading,multiplier,from,to
meter-a,2026-04-10T14:30:00+08:00,replaced,48210.7,0.4,80,,
";

const RECIPIENTS: &str = "\
recipient,mail,language,time_zone,place,body,severity_at_least,deputy,absent_from,absent_to,from,to
facilities,facilities@example.org,zh-CN,Asia/Shanghai,campus,,warning,energy,2026-02-16,2026-02-24,,
energy,energy@example.org,en,,block-a,bureau,info,,,,,
";

const WAIVERS: &str = "\
clause,place,body,reason,approver,from,to
gb-t-18883-2022/co2,a-302,,示例：新风改造 Example: ventilation works,office-head,2026-06-01,2026-07-01
";

const CALENDAR: &str = "\
date,kind,name
2026-01-01,holiday,示例：元旦 EXAMPLE: New Year
2026-01-02,holiday,示例：元旦 EXAMPLE: New Year
2026-01-03,holiday,示例：元旦 EXAMPLE: New Year
2026-01-04,workday,示例：调休上班 EXAMPLE: make-up workday
2026-02-14,workday,示例：调休上班 EXAMPLE: make-up workday
2026-02-15,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-16,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-17,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-18,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-19,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-20,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-21,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-22,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-23,holiday,示例：春节 EXAMPLE: Spring Festival
2026-02-28,workday,示例：调休上班 EXAMPLE: make-up workday
2026-04-04,holiday,示例：清明节 EXAMPLE: Tomb-Sweeping Day
2026-04-05,holiday,示例：清明节 EXAMPLE: Tomb-Sweeping Day
2026-04-06,holiday,示例：清明节 EXAMPLE: Tomb-Sweeping Day
2026-05-01,holiday,示例：劳动节 EXAMPLE: Labour Day
2026-05-02,holiday,示例：劳动节 EXAMPLE: Labour Day
2026-05-03,holiday,示例：劳动节 EXAMPLE: Labour Day
2026-05-04,holiday,示例：劳动节 EXAMPLE: Labour Day
2026-05-05,holiday,示例：劳动节 EXAMPLE: Labour Day
2026-05-09,workday,示例：调休上班 EXAMPLE: make-up workday
2026-06-19,holiday,示例：端午节 EXAMPLE: Dragon Boat Festival
2026-06-20,holiday,示例：端午节 EXAMPLE: Dragon Boat Festival
2026-06-21,holiday,示例：端午节 EXAMPLE: Dragon Boat Festival
2026-09-20,workday,示例：调休上班 EXAMPLE: make-up workday
2026-09-25,holiday,示例：中秋节 EXAMPLE: Mid-Autumn Festival
2026-09-26,holiday,示例：中秋节 EXAMPLE: Mid-Autumn Festival
2026-09-27,holiday,示例：中秋节 EXAMPLE: Mid-Autumn Festival
2026-10-01,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-02,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-03,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-04,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-05,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-06,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-07,holiday,示例：国庆节 EXAMPLE: National Day
2026-10-10,workday,示例：调休上班 EXAMPLE: make-up workday
";

impl Register {
    /// The files of a new register, by name: small, valid, with every column and an example of most.
    ///
    /// The calendar holds one example year of a Chinese office, holidays and make-up workdays, every date
    /// marked as an example in its name: to be replaced by the dates that are published for the year.
    #[must_use]
    pub fn template() -> BTreeMap<String, String> {
        let files = [
            ("register.toml", REGISTER),
            ("bodies.csv", BODIES),
            ("places.csv", PLACES),
            ("posts.csv", POSTS),
            ("sensors.csv", SENSORS),
            ("meters.csv", METERS),
            ("meter_events.csv", METER_EVENTS),
            ("recipients.csv", RECIPIENTS),
            ("waivers.csv", WAIVERS),
            ("calendar.csv", CALENDAR),
        ];
        files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }
}
