//! HTTP: routes, and what every response has in common.
//!
//! Owns the server's surface. Refuses logic: each route is a module here, and what it answers comes
//! from the parts it is given.

pub mod accept;
pub mod auth;
pub mod explorer;
pub mod graphql;
pub mod jwks;
pub mod operations;
pub mod request;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web;
use std::sync::Arc;

/// Everything the routes need; cheap to clone, one for all workers.
#[derive(Clone)]
pub struct Surface {
    /// `/graphql`.
    pub endpoint: web::Data<graphql::Endpoint>,
    /// `/healthz`, `/readyz`, `/metrics`.
    pub operations: web::Data<operations::Operations>,
    /// The page at `/`.
    pub explorer: Arc<explorer::ExplorerConfig>,
}

impl std::fmt::Debug for Surface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surface").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Adds every route to an application (or to a test's).
pub fn configure(cfg: &mut web::ServiceConfig, surface: &Surface) {
    let meter = web::Data::from(Arc::clone(&surface.endpoint.meter));
    cfg.service(
        web::scope("")
            .app_data(meter)
            .app_data(surface.endpoint.clone())
            .app_data(surface.operations.clone())
            .wrap(Compress::default())
            .wrap(from_fn(request::observe))
            .route("/graphql", web::route().to(graphql::serve))
            .route("/healthz", web::get().to(operations::healthz))
            .route("/readyz", web::get().to(operations::readyz))
            .route("/metrics", web::get().to(operations::metrics))
            .configure(|cfg| explorer::configure(cfg, (*surface.explorer).clone()))
            .default_service(web::to(operations::not_found)),
    );
}
