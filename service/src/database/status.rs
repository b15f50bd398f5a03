//! How the pools stand.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{DatabaseConnection, DbBackend};

use super::{Database, Reader};

/// How a pool stands at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolStatus {
    /// Connections at work.
    pub in_use: u32,
    /// Connections waiting for work.
    pub idle: u32,
    /// How often, since the start, work found every connection taken and had to wait.
    pub waits: u64,
}

/// Tells how the pools of a database stand, as long as they are there.
///
/// It keeps no connection open: the connections of an actix worker must end on that worker's thread, and who asks how
/// they stand may live longer, on another.
#[derive(Clone, Debug)]
pub struct PoolGauge {
    single: Weak<Reader>,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    waits: Arc<AtomicU64>,
}

impl PoolGauge {
    /// How the connections stand; on SQLite, the readers and the writer together.
    pub fn status(&self) -> PoolStatus {
        let pools = match self.reader.get_database_backend() {
            DbBackend::Sqlite => vec![open(&self.reader), open(&self.writer)],
            _ => vec![open(&self.reader)],
        };
        let at_rest = self.single.upgrade().map_or(0, |single| single.at_rest());
        let at_rest = u32::try_from(at_rest).unwrap_or(u32::MAX);
        let idle = pools.iter().map(|pool| pool.idle).sum::<u32>().saturating_add(at_rest);
        let in_use = pools.iter().map(|pool| pool.size).sum::<u32>().saturating_sub(idle);
        PoolStatus { in_use, idle, waits: self.waits.load(Ordering::Relaxed) }
    }
}

impl Database {
    /// What tells how the connections stand.
    pub fn pool_gauge(&self) -> PoolGauge {
        PoolGauge {
            single: Arc::downgrade(&self.single),
            reader: self.reader.clone(),
            writer: self.writer.clone(),
            waits: Arc::clone(&self.waits),
        }
    }

    /// How the connections stand at this moment.
    pub fn pool_status(&self) -> PoolStatus {
        self.pool_gauge().status()
    }

    /// sqlx does not count who waits for a connection, so it is counted here who is about to.
    pub(super) fn note_wait(&self, connection: &DatabaseConnection) {
        let pool = open(connection);
        if pool.idle == 0 && pool.size == pool.most {
            self.waits.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The connections that a pool has opened.
struct Open {
    size: u32,
    idle: u32,
    most: u32,
}

fn open(connection: &DatabaseConnection) -> Open {
    let of = |size, idle: usize, most| Open {
        size,
        idle: u32::try_from(idle).unwrap_or(u32::MAX),
        most,
    };
    if connection.get_database_backend() == DbBackend::Sqlite {
        let pool = connection.get_sqlite_connection_pool();
        of(pool.size(), pool.num_idle(), pool.options().get_max_connections())
    } else {
        let pool = connection.get_postgres_connection_pool();
        of(pool.size(), pool.num_idle(), pool.options().get_max_connections())
    }
}
