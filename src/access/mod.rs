//! Who may look and who may act: local users with roles, their sessions, and tokens for programs.
//!
//! Until a first user exists the service listens on loopback only, shows everything there and lets
//! nobody act. From then on every page and API address wants a session or a token.

mod password;
mod reach;
mod role;
mod secret;
mod sessions;
mod speaks;
mod store;
mod throttle;
mod tokens;
mod users;

pub use password::{PasswordError, SHORTEST};
pub use reach::Reach;
pub use role::{Right, Role, TokenScope};
pub use secret::Secret;
pub use speaks::{Speaker, Speaks};
pub(crate) use store::SCHEMA;
pub use store::{Access, AccessError, Person, USERS_FILE};
pub use throttle::Throttle;
pub use tokens::TokenRow;
pub use users::UserRow;
