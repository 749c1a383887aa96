//! A seeded office that publishes vendor formats.
