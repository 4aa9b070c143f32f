//! Leases: one process at a time works on a stream, on resolution or on derivation.
//!
//! A lease is a row with an owner, an end and a fencing number that grows with every holder. Every
//! commit checks the number, so a process that slept through the end of its lease writes nothing.

use crate::sql::{map, run};
use crate::{Store, StoreError};
use domain::Timestamp;
use entity::sync_state;
use sea_orm::{ConnectionTrait, EntityTrait, Value};

/// A held lease on a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Source; `*` for work that concerns all of them.
    pub source: String,
    /// Stream, or the name of the work.
    pub stream: String,
    /// Grows with every holder.
    pub fence: i64,
    owner: String,
}

/// How long a lease lasts without a commit that extends it, in milliseconds.
pub const LEASE_MS: i64 = 60_000;

impl Store {
    /// Takes the lease on a stream, or on other work under source `*`, and gives the cursor kept
    /// there (JSON; `null` before the first commit). A lease of the same owner, or one that
    /// lapsed, is taken over.
    ///
    /// # Errors
    /// [`StoreError::Leased`] while somebody else holds it.
    pub async fn acquire(
        &self,
        source: &str,
        stream: &str,
        owner: &str,
        now: Timestamp,
    ) -> Result<(Lease, String), StoreError> {
        acquire_on(self, self.writer(), source, stream, owner, now).await
    }

    /// Gives a lease back and notes how the work ended. `error` is a message for operators and its
    /// kind; `None` is success.
    ///
    /// # Errors
    /// When the database fails. A lease lost meanwhile is not an error.
    pub async fn release(
        &self,
        lease: &Lease,
        outcome: Outcome<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        release_on(self, self.writer(), lease, outcome, now).await
    }

    /// Extends a lease during work that commits seldom.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors.
    pub async fn keep(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        extend(self, self.writer(), lease, now).await
    }

    /// Takes all leases from an owner that is known to be dead.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_owner(&self, owner: &str) -> Result<(), StoreError> {
        run(
            self.writer(),
            self.statement(
                "UPDATE sync_state SET lease_owner = NULL, lease_until_ms = 0 WHERE lease_owner = $1",
                vec![owner.into()],
            ),
        )
        .await?;
        Ok(())
    }
}

/// How a piece of leased work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// To the end.
    Done,
    /// By request, between two pages.
    Stopped,
    /// With an error; will be tried again.
    Failed {
        /// Kind of error.
        code: &'a str,
        /// Message for operators.
        message: &'a str,
    },
    /// With an error that trying again will not mend.
    Disabled {
        /// Kind of error.
        code: &'a str,
        /// Message for operators.
        message: &'a str,
    },
}

/// How often a lease that was free a moment later is asked for.
const TRIES: u32 = 5;

const TAKE: &str = "INSERT INTO sync_state (source, stream, state, status, record_count, reject_count, \
         request_count, lease_owner, lease_until_ms, fence, started_at_ms) \
         VALUES ($1, $2, 'null', 'running', 0, 0, 0, $3, $4, 1, $5) \
         ON CONFLICT (source, stream) DO UPDATE SET lease_owner = excluded.lease_owner, \
         lease_until_ms = excluded.lease_until_ms, fence = sync_state.fence + 1, \
         status = excluded.status, started_at_ms = excluded.started_at_ms \
         WHERE sync_state.lease_owner IS NULL OR sync_state.lease_owner = excluded.lease_owner \
         OR sync_state.lease_until_ms < excluded.started_at_ms RETURNING fence, state";

/// Takes a lease, see [`Store::acquire`]. Inside a transaction nobody sees it before the commit; others
/// who want it wait for that.
pub(crate) async fn acquire_on(
    store: &Store,
    on: &impl ConnectionTrait,
    source: &str,
    stream: &str,
    owner: &str,
    now: Timestamp,
) -> Result<(Lease, String), StoreError> {
    let values = || -> Vec<Value> {
        vec![
            source.into(),
            stream.into(),
            owner.into(),
            (now.as_millis() + LEASE_MS).into(),
            now.as_millis().into(),
        ]
    };
    let mut tries = 0;
    let (fence, state) = loop {
        let taken = store.statement(TAKE, values());
        let row = |r: &sea_orm::QueryResult| {
            Ok((r.try_get::<i64>("", "fence")?, r.try_get::<String>("", "state")?))
        };
        if let Some(taken) = map(on, taken, row).await?.into_iter().next() {
            break taken;
        }
        let row = sync_state::Entity::find_by_id((source.to_owned(), stream.to_owned()))
            .one(on)
            .await?
            .ok_or(StoreError::NotFound { what: "stream" })?;
        // Given back between the two statements, as when another task has just found the holder
        // dead: it is free then, not under way.
        tries += 1;
        if tries < TRIES && row.lease_owner.is_none() {
            continue;
        }
        return Err(StoreError::Leased {
            what: format!("{source}/{stream}"),
            owner: row.lease_owner.unwrap_or_default(),
            remaining_s: (row.lease_until_ms - now.as_millis()).max(0) / 1000,
        });
    };
    let lease = Lease {
        source: source.to_owned(),
        stream: stream.to_owned(),
        fence,
        owner: owner.to_owned(),
    };
    Ok((lease, state))
}

/// Gives a lease back, see [`Store::release`].
pub(crate) async fn release_on(
    store: &Store,
    on: &impl ConnectionTrait,
    lease: &Lease,
    outcome: Outcome<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (status, error, code) = match outcome {
        Outcome::Done => ("idle", None, None),
        Outcome::Stopped => ("idle", None, Some("stopped")),
        Outcome::Failed { code, message } => ("failed", Some(message), Some(code)),
        Outcome::Disabled { code, message } => ("disabled", Some(message), Some(code)),
    };
    let done = matches!(outcome, Outcome::Done);
    run(
        on,
        store.statement(
            "UPDATE sync_state SET lease_owner = NULL, lease_until_ms = 0, status = $4, \
             last_error = $5, last_error_code = $6, \
             finished_at_ms = CASE WHEN $7 = 1 THEN $8 ELSE finished_at_ms END \
             WHERE source = $1 AND stream = $2 AND fence = $3",
            vec![
                lease.source.as_str().into(),
                lease.stream.as_str().into(),
                lease.fence.into(),
                status.into(),
                error.map(str::to_owned).into(),
                code.map(str::to_owned).into(),
                i64::from(done).into(),
                now.as_millis().into(),
            ],
        ),
    )
    .await?;
    Ok(())
}

/// Extends the lease inside the transaction of a commit.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another process took it.
pub(crate) async fn extend(
    store: &Store,
    on: &impl ConnectionTrait,
    lease: &Lease,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values: Vec<Value> = vec![
        lease.source.as_str().into(),
        lease.stream.as_str().into(),
        lease.fence.into(),
        (now.as_millis() + LEASE_MS).into(),
        lease.owner.as_str().into(),
    ];
    let statement = store.statement(
        "UPDATE sync_state SET lease_until_ms = $4 \
         WHERE source = $1 AND stream = $2 AND fence = $3 AND lease_owner = $5",
        values,
    );
    if on.execute_raw(statement).await?.rows_affected() == 0 {
        return Err(StoreError::LeaseLost { what: format!("{}/{}", lease.source, lease.stream) });
    }
    Ok(())
}
