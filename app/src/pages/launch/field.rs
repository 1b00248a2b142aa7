//! A field with its label, its help, and what is wrong with it.

use leptos::prelude::*;
use perflab_model::problem::FieldProblem;

use crate::components::sentence;

/// The id of the input of a field: `overrides.users` becomes `f-overrides-users`.
pub fn field_id(field: &str) -> String {
    let letters = field.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    format!("f-{}", letters.collect::<String>())
}

/// The form's own field behind the one that a problem names: a revision is typed in one.
pub fn input_of(field: &str) -> &str {
    match field {
        "revision.commit" | "revision.branch" => "revision",
        field => field,
    }
}

/// The address of the field within the page; nothing for what the form has no field for.
pub fn address_of(field: &str) -> Option<String> {
    (field != "project").then(|| format!("#{}", field_id(field)))
}

/// A line of text to type.
#[component]
pub fn TextField(
    /// The field as problems name it.
    #[prop(into)]
    field: String,
    /// The name in the form and in addresses.
    #[prop(into)]
    name: String,
    /// What it is.
    #[prop(into)]
    label: String,
    /// What stands in it.
    value: String,
    /// What holds when it is empty.
    #[prop(optional, into)]
    placeholder: String,
    /// The unit behind it.
    #[prop(optional)]
    unit: &'static str,
    /// What it does.
    #[prop(optional, into)]
    help: String,
    /// What is wrong with it.
    problem: Option<FieldProblem>,
    /// Its width: `w3`.
    width: &'static str,
) -> impl IntoView {
    let id = field_id(&field);
    let message = format!("{id}-message");
    view! {
        <div class=format!("field {width}") data-key=id>
            <label for=id.clone()>{label}</label>
            <span class="input">
                <input
                    id=id.clone()
                    name=name
                    value=value
                    placeholder=placeholder
                    autocomplete="off"
                    spellcheck="false"
                    aria-invalid=problem.is_some().then_some("true")
                    aria-describedby=message.clone()
                />
                {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            </span>
            <Message id=message help=help problem=problem/>
        </div>
    }
    .into_any()
}

/// One of several values.
#[component]
pub fn ChoiceField(
    /// The field as problems name it.
    #[prop(into)]
    field: String,
    /// The name in the form and in addresses.
    name: &'static str,
    /// What it is.
    label: &'static str,
    /// Value and text of each choice.
    choices: Vec<(String, String)>,
    /// The chosen value.
    value: String,
    /// What it does.
    #[prop(optional, into)]
    help: String,
    /// What is wrong with it.
    #[prop(optional_no_strip)]
    problem: Option<FieldProblem>,
    /// Its width: `w3`.
    #[prop(optional)]
    width: &'static str,
) -> impl IntoView {
    let id = field_id(&field);
    let message = format!("{id}-message");
    let mut choices = choices;
    // What an address names and nobody knows is shown all the same: else the browser would show and send the first.
    if !value.is_empty() && choices.iter().all(|(choice, _)| *choice != value) {
        choices.insert(0, (value.clone(), format!("{value} · not there")));
    }
    view! {
        <div class=format!("field {width}").trim_end().to_owned() data-key=id>
            <label for=id.clone()>{label}</label>
            <span class="choice">
                <select
                    class="select"
                    id=id.clone()
                    name=name
                    aria-invalid=problem.is_some().then_some("true")
                    aria-describedby=message.clone()
                >
                    {choices
                        .into_iter()
                        .map(|(choice, text)| {
                            let selected = choice == value;
                            view! { <option value=choice selected=selected>{text}</option> }
                        })
                        .collect_view()}
                </select>
                <span class="icon i-chevron"></span>
            </span>
            <Message id=message help=help problem=problem/>
        </div>
    }
    .into_any()
}

/// Below a field: what is wrong with it, read out as it comes, else what it does.
#[component]
fn Message(id: String, help: String, problem: Option<FieldProblem>) -> impl IntoView {
    let help = (problem.is_none() && !help.is_empty()).then_some(help);
    view! {
        <div id=id>
            <ErrorLine problem=problem/>
            {help.map(|help| view! { <p class="help">{help}</p> })}
        </div>
    }
}

/// What is wrong, read out as it comes. It has its place before there is anything to say.
#[component]
pub fn ErrorLine(
    /// What is wrong, if something is.
    problem: Option<FieldProblem>,
) -> impl IntoView {
    let text = problem.map(|problem| {
        let parts = [Some(problem.message), problem.hint].into_iter().flatten();
        parts.map(|part| sentence(&part)).collect::<Vec<_>>().join(" ")
    });
    view! { <div aria-live="polite">{text.map(|text| view! { <p class="error">{text}</p> })}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_leads_to_the_field_in_which_it_can_be_mended() {
        assert_eq!(address_of(input_of("revision.branch")).as_deref(), Some("#f-revision"));
        assert_eq!(address_of(input_of("overrides.users")).as_deref(), Some("#f-overrides-users"));
        assert_eq!(address_of(input_of("project")), None);
    }
}
