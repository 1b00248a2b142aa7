//! Who asked for something, in words, until people sign in.

use perflab_model::{
    problem::{FieldProblem, Problem, ProblemKind},
    run::Trigger,
};

/// Longest name that a person may give.
const MAX_NAME_CHARS: usize = 60;

/// `Ada in the browser`, `a program over the API`. The name is what they call themselves: nobody has checked it.
pub(crate) fn who(by: Trigger, name: Option<&str>) -> Result<String, Problem> {
    let (place, nobody) = match by {
        Trigger::Browser => ("in the browser", "a person"),
        Trigger::Cli => ("at the command line", "a person"),
        _ => ("over the API", "a program"),
    };
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control)) {
        return Err(wrong_field("name", "This is not a name", "A name has at most 60 characters and no line breaks"));
    }
    Ok(format!("{} {place}", name.unwrap_or(nobody)))
}

/// A problem with one field.
pub(crate) fn wrong_field(field: &str, message: impl Into<String>, hint: &str) -> Problem {
    let message = message.into();
    let mut problem =
        Problem::new(ProblemKind::Invalid, &format!("{field}.invalid"), message.clone(), Some(hint.to_owned()));
    problem.fields.push(FieldProblem { field: field.to_owned(), message, hint: Some(hint.to_owned()) });
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_with_the_way_by_which_it_came() {
        assert_eq!(who(Trigger::Browser, Some(" Ada ")).as_deref(), Ok("Ada in the browser"));
        assert_eq!(who(Trigger::Api, None).as_deref(), Ok("a program over the API"));
        assert!(who(Trigger::Cli, Some("a\nb")).is_err());
    }
}
