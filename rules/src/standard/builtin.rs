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
    "jgj-t-67-2019"
    "gb-t-18883-2002"
    "gb-t-18883-2022"
    "gb-t-51161-2016"
    "cn-42-2007"
    "cn-531-2008"
    "db37-t-2672-2019"
    "db37-t-4452-2021"
    "gb-50034-2013"
    "gb-t-50034-2024"
    "gb-55015-2021"
    "cn-office-management-2017"
    "ashrae-90-1-2013"
    "ashrae-90-1-2016"
    "us-use-it-2025"
    "en-16798-1-2019"
    "jp-building-environment-2022"
    "ashrae-90-1-2019"
    "normwatch-policy-1"
}
