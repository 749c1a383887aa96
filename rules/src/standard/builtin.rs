//! The packs that come with the product, compiled in.

macro_rules! packs {
    ($($id:literal)+) => {
        /// File name and text of each pack.
        pub(super) const PACKS: &[(&str, &str)] = &[
            $((concat!($id, ".toml"), include_str!(concat!("../../packs/", $id, ".toml"))),)+
        ];

        /// File name and text of each pack's own test cases.
        pub(super) const CASES: &[(&str, &str)] = &[
            $((concat!($id, ".test.toml"), include_str!(concat!("../../packs/", $id, ".test.toml"))),)+
        ];
    };
}

packs! {
    "cn-2674-2014"
    "cn-panjin-township-offices"
    "jgj-67-2006"
    "jgj-t-67-2019"
    "gb-t-18883-2002"
    "gb-t-18883-2022"
    "gb-t-51161-2016"
    "cn-42-2007"
    "cn-shandong-building-energy-2020"
    "cn-qingdao-building-energy-2022"
    "cn-hangzhou-building-energy-2014"
    "cn-531-2008"
    "db37-t-2672-2019"
    "db37-t-4452-2021"
    "gb-50034-2013"
    "gb-t-50034-2024"
    "gb-55015-2021"
    "cn-office-management-2017"
    "ashrae-90-1-2004"
    "ashrae-90-1-2007"
    "ashrae-90-1-2013"
    "ashrae-90-1-2016"
    "us-use-it-2025"
    "en-16798-1-2019"
    "uk-government-space-2018"
    "sg-ss-554-2016"
    "hk-iaq-offices"
    "de-uba-co2-2008"
    "my-icop-iaq-2010"
    "jp-building-environment-before-2022"
    "jp-building-environment-2022"
    "ashrae-90-1-2019"
    "normwatch-policy-1"
}
