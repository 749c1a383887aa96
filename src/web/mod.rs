//! The console and the API: pages for people, JSON for programs, both from copies of the state.
//!
//! Nothing here waits for the pipeline. Until there are users the service binds it to loopback only,
//! and nothing can be changed through it.

mod acting;
mod api;
mod applies;
mod assets;
mod charts;
mod claiming;
mod desk;
mod device;
mod error;
pub mod format;
mod guard;
mod health;
mod host;
mod language;
mod list;
mod live;
mod pages;
mod presence;
mod registry;
mod requeue;
mod sources;

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use axum::{
    Router,
    extract::FromRef,
    http::Uri,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use desk::Desk;
pub use error::ApiError;
use guard::Door;
pub use guard::Guard;
pub use host::Hosts;
pub use registry::Registry;
pub use sources::{ChartSource, MailSource, NoCharts, NoMails, NoRecords, RecordSource};

/// Every address of the console and the API, to whomever asks; [`guarded`] is for a listener.
pub fn router(desk: Desk) -> Router {
    Router::new()
        .merge(pages::routes())
        .nest("/api/v1", api::routes())
        .route("/charts/{place}/{file}", get(charts::chart))
        .route("/charts/device/{sensor}/{file}", get(charts::device_chart))
        .route("/live", get(live::live))
        .route("/static/{name}", get(assets::asset))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(missing)
        .layer(middleware::from_fn(assets::with_headers))
        .with_state(Counter(desk))
}

/// Where each request gets its desk.
#[derive(Clone)]
struct Counter(Desk);

impl FromRef<Counter> for Desk {
    fn from_ref(counter: &Counter) -> Self {
        counter.0.for_request()
    }
}

/// The same for requests that name one of our hosts (others get 421) and whom the guard lets in.
pub fn guarded(desk: Desk, hosts: Hosts, guard: Guard) -> Router {
    let door = Router::new()
        .route("/login", get(pages::login::page).post(pages::login::log_in))
        .route("/logout", post(pages::login::log_out))
        .layer(middleware::from_fn(assets::with_headers))
        .with_state(Door { desk: desk.clone(), guard: guard.clone() });
    router(desk)
        .merge(door)
        .layer(middleware::from_fn_with_state(guard, guard::check))
        .layer(middleware::from_fn_with_state(hosts, host::check))
}

/// Serves console and API at `listener` to who asks for one of `hosts`, until `stop` says true.
pub fn serve(
    listener: TcpListener,
    desk: Desk,
    hosts: Hosts,
    guard: Guard,
    mut stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let stopped = async move {
            // A sender that is gone means the same.
            drop(stop.wait_for(|stop| *stop).await);
        };
        let served = axum::serve(listener, guarded(desk, hosts, guard)).with_graceful_shutdown(stopped).await;
        if let Err(error) = served {
            tracing::error!(%error, "the console has ended");
        }
    })
}

async fn missing(uri: Uri, viewer: language::Viewer, desk: Desk) -> Response {
    if uri.path().starts_with("/api/") {
        ApiError::not_found("address", uri.path()).into_response()
    } else {
        pages::not_found(&desk, &viewer)
    }
}
