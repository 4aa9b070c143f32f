//! Opening a database, and the two ways into it: one for writing, one for reading.
//!
//! SQLite has one writer, so writes go through a pool of one connection and never meet
//! `SQLITE_BUSY`; readers have their own pool and, in WAL mode, never wait. On PostgreSQL the pools
//! differ in the time that a statement may take.

use crate::StoreError;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Embedded, one file.
    Sqlite,
    /// A server.
    Postgres,
}

/// How to open a database.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH` (created if missing), `sqlite::memory:` is refused, or `postgres://...`.
    pub url: String,
    /// Connections for reading; PostgreSQL has as many again for writing.
    pub connections: u32,
    /// How long a request waits for a connection, in milliseconds.
    pub acquire_ms: u64,
    /// How long one statement of a request may take, in milliseconds (PostgreSQL).
    pub statement_ms: u64,
}

/// The database.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Backend,
    write: DatabaseConnection,
    read: DatabaseConnection,
    statements: Arc<AtomicU64>,
    checkpoints: Arc<Checkpoints>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database; does not touch its schema.
    ///
    /// # Errors
    /// [`StoreError::UnsupportedUrl`], [`StoreError::Unavailable`].
    pub async fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        let statements = Arc::new(AtomicU64::new(0));
        let backend = match options.url.split(':').next() {
            Some("sqlite") if !options.url.contains(":memory:") => Backend::Sqlite,
            Some("postgres" | "postgresql") => Backend::Postgres,
            _ => return Err(StoreError::UnsupportedUrl),
        };
        let (write, read) = match backend {
            Backend::Sqlite => {
                let write = sqlite_options(options, 1, WRITER_CACHE_KIB);
                let write = open(write, backend, &statements).await?;
                let read = sqlite_options(options, options.connections, READER_CACHE_KIB);
                let read = open(read, backend, &statements).await?;
                (write, read)
            }
            Backend::Postgres => {
                // Bulk writes may take their time; what answers a request may not.
                let write = postgres_options(options, 0, "force_custom_plan");
                let write = open(write, backend, &statements).await?;
                let read = postgres_options(options, options.statement_ms, "force_generic_plan");
                let read = open(read, backend, &statements).await?;
                (write, read)
            }
        };
        Ok(Self { backend, write, read, statements, checkpoints: Arc::default() })
    }

    /// Which database it is.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// The same database for work that nobody waits for: its reads have no time limit either.
    #[must_use]
    pub fn unhurried(&self) -> Self {
        match self.backend {
            Backend::Sqlite => self.clone(),
            Backend::Postgres => Self { read: self.write.clone(), ..self.clone() },
        }
    }

    /// Applies the missing schema steps; their number.
    ///
    /// # Errors
    /// When the database refuses one; the step is rolled back where the database can.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        let pending = Migrator::get_pending_migrations(&self.write).await?.len();
        if pending > 0 {
            Migrator::up(&self.write, None).await?;
        }
        Ok(pending)
    }

    /// Makes sure that no schema step is missing.
    ///
    /// # Errors
    /// [`StoreError::SchemaOutdated`].
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        match Migrator::get_pending_migrations(&self.write).await?.len() {
            0 => Ok(()),
            count => Err(StoreError::SchemaOutdated { count }),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// SQL statements run since the store was opened; for tests of statements per operation and
    /// for telemetry.
    #[must_use]
    pub fn statement_count(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Closes the pools after what is under way.
    pub async fn close(&self) {
        for pool in [&self.read, &self.write] {
            if let Err(error) = pool.close_by_ref().await {
                tracing::warn!(%error, "closing the database failed");
            }
        }
    }

    /// The connection for a write of one statement, which is a transaction by itself.
    pub(crate) const fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    /// The connection for reading outside a transaction.
    pub(crate) const fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// A write transaction. On SQLite it takes the write lock at once, so a read in it is never
    /// overtaken.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        if self.backend == Backend::Sqlite {
            self.checkpoints.begin_if_due(&self.read);
        }
        Ok(self.write.begin_with_options(options).await?)
    }

    pub(crate) const fn db_backend(&self) -> DbBackend {
        match self.backend {
            Backend::Sqlite => DbBackend::Sqlite,
            Backend::Postgres => DbBackend::Postgres,
        }
    }
}

/// Writing SQLite's log back into the file, beside the commits rather than in one of them: that would
/// take as long as a hundred others.
#[derive(Default)]
struct Checkpoints {
    is_running: AtomicBool,
    ended: Mutex<Option<Instant>>,
}

impl Checkpoints {
    /// How long the log grows before it is written back: a page changed often is written once.
    const PAUSE: Duration = Duration::from_millis(500);

    /// Begins one if the last ended long enough ago.
    fn begin_if_due(self: &Arc<Self>, reader: &DatabaseConnection) {
        let ended = *self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = ended.is_none_or(|ended| ended.elapsed() >= Self::PAUSE);
        if !is_due || self.is_running.swap(true, Ordering::AcqRel) {
            return;
        }
        let (checkpoints, pool) = (Arc::clone(self), reader.get_sqlite_connection_pool().clone());
        tokio::spawn(async move {
            // Passive: it waits for nobody, and nobody for it.
            let checkpoint = sea_orm::sqlx::query("PRAGMA wal_checkpoint(PASSIVE)");
            if let Err(error) = checkpoint.execute(&pool).await {
                tracing::warn!(%error, "writing the log back into the database failed");
            }
            *checkpoints.ended.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Instant::now());
            checkpoints.is_running.store(false, Ordering::Release);
        });
    }
}

async fn open(
    options: ConnectOptions,
    backend: Backend,
    statements: &Arc<AtomicU64>,
) -> Result<DatabaseConnection, StoreError> {
    let mut pool = Database::connect(options).await.map_err(|source| StoreError::Unavailable {
        reason: match backend {
            Backend::Sqlite => {
                "is the folder there and writable, and is the file a database?".into()
            }
            Backend::Postgres => {
                "is the server up, and are host, name, user and password right?".into()
            }
        },
        source,
    })?;
    let statements = Arc::clone(statements);
    pool.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
    });
    Ok(pool)
}

fn common(options: &StoreOptions, url: String, connections: u32) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(connections.max(1))
        .acquire_timeout(Duration::from_millis(options.acquire_ms))
        .sqlx_logging(false);
    connect
}

/// Page caches in KiB. The operating system caches the file too, so readers need little of their
/// own; the writer touches pages all over the file, ids being hashes, and fetching each of them from
/// the system again was the largest part of a first sync.
const WRITER_CACHE_KIB: u32 = 65_536;
/// Pages of the write-ahead log from which a commit writes them back itself, however long that takes.
/// [`Checkpoints`] does so beside the commits long before; this bounds the log should it fall behind.
const WAL_PAGES: &str = "64000";
/// Bytes of the file that are read in place, without a copy: SQLite's own maximum. A reader's cache
/// is void after every commit, while these pages stay.
const MAPPED_BYTES: &str = "2147418112";
const READER_CACHE_KIB: u32 = 2_048;

fn sqlite_options(options: &StoreOptions, connections: u32, cache_kib: u32) -> ConnectOptions {
    let mut connect = common(options, options.url.clone(), connections);
    // It is in this process: it answers.
    connect.test_before_acquire(false);
    // SQLite may roll a transaction back by itself (a full disk). The driver's own ROLLBACK then
    // fails, and later commits would be savepoints of a transaction that nobody commits: such a
    // connection is not used again.
    connect.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    // Wait for the rollback that was begun.
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
    });
    connect.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a decision that was answered survives a power cut, not only a crash.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(false)
            .pragma("cache_size", format!("-{cache_kib}"))
            .pragma("wal_autocheckpoint", WAL_PAGES)
            .pragma("mmap_size", MAPPED_BYTES)
            .pragma("temp_store", "memory")
            .optimize_on_close(true, 400)
    });
    connect
}

/// Parameterised reads that answer requests are otherwise planned again at every execution. Bulk work
/// is: its tables may grow from nothing while a plan made for empty ones stays cached.
fn postgres_options(
    options: &StoreOptions,
    statement_ms: u64,
    plans: &'static str,
) -> ConnectOptions {
    let mut connect = common(options, options.url.clone(), options.connections);
    connect.map_sqlx_postgres_opts(move |postgres| {
        postgres.application_name("customer360").options([
            ("plan_cache_mode", plans.to_owned()),
            // No statement is so long that compiling it would pay; one that is believed to be costs
            // hundreds of milliseconds.
            ("jit", "off".to_owned()),
            ("statement_timeout", statement_ms.to_string()),
        ])
    });
    connect
}
