//! A database that answers readers but takes nothing from writers, as when somebody repairs it by hand.

use sqlx::{Connection, PgConnection, SqliteConnection};

/// As long as it lives, nobody else can write.
pub(crate) enum Blocked {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Blocked {
    pub(crate) async fn new(database: &str) -> Self {
        if database.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(database).await.unwrap();
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
            return Self::Sqlite(connection);
        }
        let mut connection = PgConnection::connect(database).await.unwrap();
        let lock = "BEGIN; LOCK TABLE project, run IN EXCLUSIVE MODE";
        sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
        Self::Postgres(connection)
    }

    pub(crate) async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}
