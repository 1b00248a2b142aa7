//! Budgets: limits that several cases share, in a tree by their parts.

use std::collections::BTreeSet;

use super::CaseRead;
use crate::{
    bench::BudgetTree,
    hint::nearest,
    suite::{
        error::Path,
        raw::{Named, RawBudget},
        read::Reader,
    },
};

impl Reader<'_, '_> {
    /// Reads all budgets. Parts that are cases come with their whole names.
    pub(super) fn budgets(&mut self, raw: Named<RawBudget>, cases: &[CaseRead]) -> Vec<BudgetTree> {
        let names: Vec<String> = raw.0.keys().cloned().collect();
        let mut budgets = Vec::new();
        for (name, raw) in raw.0 {
            let path = Path::default().key("budgets").key(&name);
            if name.trim().is_empty() || name.contains(['(', ')']) || name.chars().any(char::is_control) {
                let hint = Some("use letters, digits, _ and -".to_owned());
                self.problems.add_at_key(&path, format!("`{name}` cannot be the name of a budget"), hint);
            }
            if cases.iter().any(|one| one.case.base.as_str() == name || one.case.name.as_str() == name) {
                let hint = Some("give one of them another name".to_owned());
                self.problems.add_at_key(&path, format!("`{name}` is a case, too"), hint);
            }
            let limit_ns = self.limit_time_ns(&raw.limit, &path.key("limit"));
            let parts: Vec<String> = raw
                .parts
                .iter()
                .enumerate()
                .filter_map(|(i, part)| self.budget_part(part, &names, cases, &path.key("parts").index(i)))
                .collect();
            budgets.push(BudgetTree { name, limit_ns: limit_ns.unwrap_or(0.0), parts });
        }
        for budget in &budgets {
            self.check_tree(budget, &budgets);
        }
        budgets
    }

    fn budget_part(&mut self, part: &str, budgets: &[String], cases: &[CaseRead], path: &Path) -> Option<String> {
        if budgets.iter().any(|name| name == part) {
            return Some(part.to_owned());
        }
        let of_name = |one: &&CaseRead| one.case.base.as_str() == part || one.case.name.as_str() == part;
        let meant: Vec<&str> = cases.iter().filter(of_name).map(|one| one.case.name.as_str()).collect();
        match meant.as_slice() {
            [one] => Some((*one).to_owned()),
            [first, ..] => {
                let message = format!("`{part}` is measured {} times, and a budget counts one of them", meant.len());
                self.problems.add(path, message, Some(format!("name it, such as `{first}`")));
                None
            }
            [] => {
                let known = cases.iter().map(|one| one.case.name.as_str()).chain(budgets.iter().map(String::as_str));
                let hint = nearest(part, known).map_or_else(
                    || "a part is a case of this suite, or another budget".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                self.problems.add(path, format!("there is no case and no budget `{part}`"), Some(hint));
                None
            }
        }
    }

    /// A budget must not hold itself, and count nothing twice.
    fn check_tree(&mut self, budget: &BudgetTree, all: &[BudgetTree]) {
        let path = Path::default().key("budgets").key(&budget.name);
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![budget]);
        while let Some(one) = waiting.pop() {
            for part in &one.parts {
                if *part == budget.name {
                    let hint = Some("take it out of one of the budgets".to_owned());
                    let message = format!("the budget `{part}` is a part of itself");
                    return self.problems.add(&path.key("parts"), message, hint);
                }
                if !seen.insert(part.as_str()) {
                    let hint = Some("take it out of one of the budgets".to_owned());
                    let message = format!("`{part}` counts twice in the budget `{}`", budget.name);
                    return self.problems.add(&path.key("parts"), message, hint);
                }
                waiting.extend(all.iter().find(|known| known.name == *part));
            }
        }
    }
}
