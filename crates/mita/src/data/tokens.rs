//! Revoked tokens, so that a restart does not forgive them.

use std::collections::HashMap;

use uuid::Uuid;

use super::Data;

const KEEP: &str =
    "INSERT INTO revoked_token (jti, expires_at_s, reason) VALUES ($1, $2, $3) ON CONFLICT (jti) DO NOTHING";
const FORGET: &str = "DELETE FROM revoked_token WHERE expires_at_s <= $1";
const LOAD: &str = "SELECT jti, expires_at_s FROM revoked_token";

impl Data {
    /// Remembers a revoked token.
    pub(crate) async fn keep_revoked(&self, jti: Uuid, expires_s: i64, reason: &str) -> Result<(), sqlx::Error> {
        sqlx::query(KEEP).bind(jti.to_string()).bind(expires_s).bind(reason).execute(&self.write).await?;
        Ok(())
    }

    /// The revoked tokens that have not expired by themselves.
    pub(crate) async fn revoked(&self, now_s: i64) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
        sqlx::query(FORGET).bind(now_s).execute(&self.write).await?;
        let rows: Vec<(String, i64)> = sqlx::query_as(LOAD).fetch_all(&self.read).await?;
        Ok(rows.into_iter().filter_map(|(jti, expires_s)| Some((jti.parse().ok()?, expires_s))).collect())
    }
}
