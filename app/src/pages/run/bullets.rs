//! Each value of a ledger drawn against its limit.

use perflab_charts::{Bullet, Color};
use perflab_model::verdict::{Gate, LedgerRow};

/// The drawings of a ledger's rows, in their order.
pub fn bullets(rows: &[LedgerRow]) -> Vec<String> {
    rows.iter().map(bullet).collect()
}

fn bullet(row: &LedgerRow) -> String {
    let color = match row.outcome {
        Gate::Pass => Color::ExcellentMark,
        Gate::Warn => Color::IssuesMark,
        Gate::Fail => Color::CriticalMark,
        Gate::Inconclusive => Color::InconclusiveMark,
    };
    let mut bullet = Bullet::new(row.value, row.limit, color);
    if let Some((Some(low), Some(high))) = row.interval {
        bullet = bullet.interval(low, high);
    }
    if let Some(max) = row.max {
        bullet = bullet.max(max);
    }
    bullet.svg()
}
