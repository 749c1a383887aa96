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
    "gb-t-18883-2022"
    "jgj-t-67-2019"
    "cn-2674-2014"
    "cn-42-2007"
    "db37-t-2672-2019"
    "us-use-it-2025"
    "normwatch-policy-1"
}
