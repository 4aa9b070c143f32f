//! Who asks and what they may see and do.
//!
//! Owns the roles and the one table of what each sees by default. Refuses to be built from thin
//! air: a [`Scope`] comes from a verified principal, or says that it is the system itself.

use crate::canonical::words;
use serde::{Deserialize, Serialize};

words! {
    /// A role named by a token's `role` claim.
    Role {
        /// Sells: customers, deals, stages.
        Sales = "sales",
        /// Helps: customers, tickets, surveys.
        Support = "support",
        /// Bills: money in full, people masked.
        Finance = "finance",
        /// Decides on identity.
        Steward = "steward",
        /// Everything.
        Admin = "admin",
        /// A program that reads.
        Service = "service",
    }
}

words! {
    /// A part of what is stored that a role may or may not see.
    Area {
        /// E-mail addresses, phone numbers and postal addresses.
        ContactDetails = "contact_details",
        /// Deals.
        Deals = "deals",
        /// Tickets and survey responses.
        Support = "support",
        /// Subscriptions.
        Subscriptions = "subscriptions",
        /// Invoices, payments and refunds.
        Billing = "billing",
        /// Revenue, CLV, MRR of a customer.
        CustomerNumbers = "customer_numbers",
        /// Rollups: revenue, spend, CAC over all customers.
        Rollups = "rollups",
        /// Why records were joined; reviews.
        Identity = "identity",
        /// Records as received.
        Payloads = "payloads",
        /// Sync status and quarantine.
        Operations = "operations",
    }
}

/// How much of an area a scope shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Nothing: the field answers `null` with code FORBIDDEN and is not fetched.
    Hidden,
    /// Enough to recognise, not to use: `a***@example.com`, `+49*****12`.
    Masked,
    /// All of it.
    Full,
}

words! {
    /// Something a role may do beyond reading.
    Ability {
        /// Merge and split profiles, decide reviews.
        Resolve = "resolve",
        /// Set a lifecycle stage by hand.
        OverrideStage = "override_stage",
        /// Take note of an alert.
        Acknowledge = "acknowledge",
        /// Start a sync.
        Sync = "sync",
    }
}

/// A verified caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's subject, recorded with every decision.
    pub subject: String,
    /// The role.
    pub role: Role,
}

impl Principal {
    /// What the principal may see and do.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope(Holder::Role(self.role))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    System,
    Role(Role),
}

/// What a read or a write is allowed to touch. Every store function that answers a request takes
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope(Holder);

impl Scope {
    /// The gateway's own jobs: sees everything, answers nobody.
    #[must_use]
    pub const fn system() -> Self {
        Self(Holder::System)
    }

    /// How much of an area may be seen. This table is the policy; README prints it.
    #[must_use]
    pub const fn access(&self, area: Area) -> Access {
        use Access::{Full, Hidden, Masked};
        let role = match self.0 {
            Holder::System | Holder::Role(Role::Admin) => return Full,
            Holder::Role(role) => role,
        };
        match (area, role) {
            (Area::ContactDetails, Role::Sales | Role::Support | Role::Steward) => Full,
            (Area::ContactDetails, _) => Masked,
            (Area::Deals, Role::Sales | Role::Finance | Role::Service) => Full,
            (Area::Support, Role::Sales | Role::Support | Role::Service) => Full,
            (Area::Subscriptions, Role::Sales | Role::Support | Role::Finance | Role::Service) => {
                Full
            }
            (Area::Billing, Role::Finance | Role::Service) => Full,
            (Area::CustomerNumbers, Role::Sales | Role::Finance | Role::Service) => Full,
            (Area::Rollups, Role::Sales | Role::Finance | Role::Service) => Full,
            (Area::Identity, Role::Steward) => Full,
            (Area::Payloads, Role::Steward) => Full,
            (Area::Operations, Role::Steward | Role::Service) => Full,
            _ => Hidden,
        }
    }

    /// Whether an area is shown at all.
    #[must_use]
    pub fn sees(&self, area: Area) -> bool {
        self.access(area) != Access::Hidden
    }

    /// Whether something may be done.
    #[must_use]
    pub const fn may(&self, ability: Ability) -> bool {
        matches!(
            (self.0, ability),
            (Holder::System | Holder::Role(Role::Admin), _)
                | (Holder::Role(Role::Steward), Ability::Resolve | Ability::OverrideStage)
                | (Holder::Role(Role::Sales), Ability::OverrideStage | Ability::Acknowledge)
                | (Holder::Role(Role::Support | Role::Finance), Ability::Acknowledge)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(role: Role) -> Scope {
        Principal { subject: "t".into(), role }.scope()
    }

    #[test]
    fn only_finance_admin_and_service_see_invoices() {
        let seeing: Vec<_> = Role::ALL.iter().filter(|r| scope(**r).sees(Area::Billing)).collect();
        assert_eq!(seeing, [&Role::Finance, &Role::Admin, &Role::Service]);
    }

    #[test]
    fn the_service_role_reads_and_never_writes() {
        assert!(Ability::ALL.iter().all(|a| !scope(Role::Service).may(*a)));
        assert_eq!(scope(Role::Service).access(Area::ContactDetails), Access::Masked);
    }
}
