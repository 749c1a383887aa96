//! A small office's register: rooms of one building, a sensor in each, two readers of mail.

use std::{fmt::Write as _, path::Path};

/// A room and the sensor in it.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) sensor: String,
}

/// Writes `register/` for these rooms. Local time is `time_zone`; it is summer all year, as where rooms of a
/// past August are played at any date.
pub(crate) fn write_register(dir: &Path, time_zone: &str, rooms: &[Room]) {
    let settings = format!(
        "id = \"office\"\ntime_zone = \"{time_zone}\"\n\
         packs = [\"cn-2674-2014\", \"gb-t-18883-2022\", \"jp-building-environment-2022\", \"normwatch-policy-1\"]\n\n\
         [name]\nzh = \"办公区\"\nen = \"Office\"\n\n\
         [working_hours]\ndays = \"mon-fri\"\nfrom = \"09:00\"\nto = \"18:00\"\n\n\
         [seasons]\ncooling = [\"01-01\", \"12-31\"]\n"
    );
    let mut places = "place,kind,parent,label,use,floor_area_m2,usable_area_m2,body,capacity\n\
        campus,site,,Campus,,,,bureau,\nhall,building,campus,Hall,,4000,2500,,\n"
        .to_owned();
    let mut sensors = "sensor,place,interval_s,max_gap_s\n".to_owned();
    for room in rooms {
        writeln!(places, "{0},room,hall,Room {0},office,,24,,4", room.id).unwrap();
        writeln!(sensors, "{},{},60,300", room.sensor, room.id).unwrap();
    }
    writeln!(places, "head,room,hall,Head's office,single_office,,60,,1").unwrap();
    let files = [
        ("register.toml", settings.as_str()),
        ("places.csv", &places),
        ("sensors.csv", &sensors),
        ("bodies.csv", "body,name,level\nbureau,Bureau,county\n"),
        ("posts.csv", "post,rank,body,room\nhead,section_head,bureau,head\n"),
        (
            "recipients.csv",
            "recipient,mail,language,place,severity_at_least\n\
             facilities,facilities@example.org,zh-CN,campus,info\nhall,hall@example.org,en,hall,warning\n",
        ),
    ];
    std::fs::create_dir_all(dir.join("register")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.join("register").join(name), text).unwrap();
    }
}
