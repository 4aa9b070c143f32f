//! HubSpot, Zendesk and Stripe in a sandbox: in-process HTTP servers over one invented company
//! whose customers are the same people in all three systems, spelt differently in each.
//!
//! Owns: the world ([`World`]: seeded, two years of history, a `tick` that adds days), the
//! vendors' interfaces with their paging, limits and errors ([`Sandbox`]), the switches for
//! faults ([`Faults`]), and the truth kept aside to score matching ([`Truth`]).
//! Refuses: knowing anything of the gateway. It depends on no other crate of this project, so
//! that nothing can be right on both sides by sharing one mistake.
//!
//! # Conventions between the systems
//! As real companies leave them, and only on a part of the records:
//! - a Stripe customer's `metadata.hubspot_contact_id` and `metadata.hubspot_company_id`, a
//!   subscription's `metadata.hubspot_deal_id`: HubSpot object ids as text;
//! - a Zendesk user's `external_id`: a Stripe customer id (`cus_...`) or `hubspot:` with a
//!   contact id; an organisation's: `hubspot:` with a company id. An id may since have been
//!   merged away in HubSpot.
//!
//! # Time
//! The world has its own present. It stands still between ticks unless
//! [`SandboxOptions::follow_real_clock`] is set. Limits always count real time.

mod calendar;
mod cast;
mod faults;
mod hubspot;
mod json;
mod limits;
mod rng;
mod sandbox;
mod server;
mod stripe;
#[cfg(test)]
mod tests;
mod text;
mod wire;
mod world;
mod zendesk;

pub use faults::{BadRecord, Fault, FaultRule, Faults, Times};
pub use limits::Limits;
pub use sandbox::{Sandbox, SandboxAccess, SandboxCredentials, SandboxError, SandboxOptions};
pub use server::LoggedRequest;
pub use wire::Vendor;
pub use world::{PairScore, RecordRef, RecordTruth, Stream, Truth, TruthKind, World, WorldConfig};

/// Makes a world and serves it: what the `sandbox` command calls. It prints nothing; see
/// [`Sandbox::access`] for what to tell the user.
///
/// # Errors
/// When a port cannot be listened on.
pub async fn serve(config: WorldConfig, options: SandboxOptions) -> Result<Sandbox, SandboxError> {
    Sandbox::start(World::new(config), options).await
}

/// What the sandbox serves, one line an entry, for the help of a command.
#[must_use]
pub fn describe() -> &'static str {
    "HubSpot   GET  /crm/objects/2026-03/{contacts|companies|deals}[/{id}]  (also /crm/v3/objects)
HubSpot   POST /crm/objects/2026-03/{type}/search, /batch/read, /merge
HubSpot   POST /crm/v4/associations/{from}/{to}/batch/read
Zendesk   GET  /api/v2/incremental/{users|tickets}/cursor.json?start_time= or cursor=
Zendesk   GET  /api/v2/incremental/{organizations|users|tickets}.json?start_time=
Zendesk   GET  /api/v2/{organizations|users}[/{id}], /api/v2/tickets/{id}, /api/v2/users/me
Stripe    GET  /v1/{customers|subscriptions|invoices|charges|refunds|events}[/{id}]
Stripe    GET  /v1/invoices/{id}/lines, /v1/charges/{id}/refunds, /v1/subscription_items, /v1/invoice_payments
"
}
