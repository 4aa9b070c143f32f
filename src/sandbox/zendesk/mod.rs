//! Zendesk: users, organisations and tickets, each listed by the time Zendesk last wrote it
//! (`generated_timestamp`). Refuses: deciding what happens, and HTTP itself.

mod api;
mod shape;

pub(crate) use api::{error, is_incremental, respond};

use crate::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// A user: a customer (`end-user`) or one of our agents.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) mail: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) organization: Option<u64>,
    pub(crate) external_id: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) active: bool,
    /// `end-user`, `agent` or `admin`.
    pub(crate) role: &'static str,
    pub(crate) verified: bool,
    pub(crate) suspended: bool,
    pub(crate) time_zone: (&'static str, &'static str),
    pub(crate) locale: (&'static str, i64),
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    /// Whom the record is really about; never served.
    pub(crate) person: Option<u32>,
}

/// An organisation.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) domains: Vec<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) deleted_ms: Option<i64>,
    /// Which company the record is really about; never served.
    pub(crate) company: Option<u32>,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketStatus {
    New,
    Open,
    Pending,
    Hold,
    Solved,
    Closed,
    Deleted,
}

impl TicketStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Hold => "hold",
            Self::Solved => "solved",
            Self::Closed => "closed",
            Self::Deleted => "deleted",
        }
    }
}

/// What the requester said of the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Satisfaction {
    Unoffered,
    Offered,
    Rated { good: bool, comment: Option<&'static str> },
}

/// A ticket.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) id: u64,
    pub(crate) subject: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) priority: Option<&'static str>,
    pub(crate) status: TicketStatus,
    pub(crate) channel: &'static str,
    pub(crate) requester: u64,
    pub(crate) organization: Option<u64>,
    pub(crate) assignee: Option<u64>,
    pub(crate) satisfaction: Satisfaction,
    pub(crate) comments: i64,
    pub(crate) replies: i64,
    pub(crate) reopens: i64,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) assigned_ms: Option<i64>,
    pub(crate) first_reply_ms: Option<i64>,
    pub(crate) first_solved_ms: Option<i64>,
    pub(crate) solved_ms: Option<i64>,
    pub(crate) status_ms: i64,
}

/// Rows by id, and the order in which an export gives them.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: BTreeMap<u64, (i64, T)>,
    order: BTreeSet<(i64, u64)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<T> Table<T> {
    /// Adds or replaces a row, written at a time.
    pub(crate) fn write(&mut self, id: u64, row: T, generated_ms: i64) {
        if let Some((old, _)) = self.rows.insert(id, (generated_ms, row)) {
            self.order.remove(&(old, id));
        }
        self.order.insert((generated_ms, id));
    }

    /// Changes a row and lists it anew; the time never goes back. Says whether it is there.
    pub(crate) fn rewrite(
        &mut self,
        id: u64,
        generated_ms: i64,
        change: impl FnOnce(&mut T),
    ) -> bool {
        let Some((at, row)) = self.rows.get_mut(&id) else { return false };
        change(row);
        self.order.remove(&(*at, id));
        *at = (*at).max(generated_ms);
        self.order.insert((*at, id));
        true
    }

    /// Lists a row at exactly this time, as a bulk job would.
    pub(crate) fn restamp(&mut self, id: u64, generated_ms: i64) {
        if let Some((at, _)) = self.rows.get_mut(&id) {
            self.order.remove(&(*at, id));
            *at = generated_ms;
            self.order.insert((generated_ms, id));
        }
    }

    pub(crate) fn find(&self, id: u64) -> Option<&T> {
        self.rows.get(&id).map(|(_, row)| row)
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values().map(|(_, row)| row)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> {
        self.rows.keys().copied()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows written after a position, oldest first, with their positions.
    pub(crate) fn since(
        &self,
        position: (i64, u64),
        before_ms: i64,
    ) -> impl Iterator<Item = ((i64, u64), &T)> {
        self.order
            .range((std::ops::Bound::Excluded(position), std::ops::Bound::Unbounded))
            .take_while(move |(at, _)| *at < before_ms)
            .filter_map(|key| self.find(key.1).map(|row| (*key, row)))
    }
}

/// The account.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) users: Table<User>,
    pub(crate) organizations: Table<Organization>,
    pub(crate) tickets: Table<Ticket>,
    /// Zendesk lets only one user have an e-mail address.
    mails: BTreeMap<String, u64>,
    last_id: u64,
    last_ticket: u64,
}

impl Desk {
    /// An id for a user or an organisation.
    pub(crate) fn new_id(&mut self, rng: &mut Rng) -> u64 {
        self.last_id = self.last_id.max(360_000_000_000) + 1 + rng.below(4_001);
        self.last_id
    }

    /// An id for a ticket.
    pub(crate) fn new_ticket_id(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    /// Gives a user an address if no other user has it; says whether it did.
    pub(crate) fn claim_mail(&mut self, user: u64, mail: &str) -> bool {
        let key = mail.to_lowercase();
        match self.mails.get(&key) {
            Some(owner) if *owner != user => false,
            _ => {
                self.mails.insert(key, user);
                true
            }
        }
    }
}
