//! A field with its label, its help, and what is wrong with it.

use leptos::prelude::*;
use perflab_model::problem::FieldProblem;

use crate::components::sentence;

/// The id of the input of a field: `overrides.users` becomes `f-overrides-users`.
pub fn field_id(field: &str) -> String {
    let letters = field.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    format!("f-{}", letters.collect::<String>())
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
        <div class=format!("field {width}")>
            <label for=id.clone()>{label}</label>
            <span class="input">
                <input
                    id=id
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
    view! {
        <div class=format!("field {width}").trim_end().to_owned()>
            <label for=id.clone()>{label}</label>
            <span class="choice">
                <select class="select" id=id name=name aria-describedby=message.clone()>
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

/// Below a field: what is wrong with it, else what it does.
#[component]
fn Message(id: String, help: String, problem: Option<FieldProblem>) -> impl IntoView {
    view! {
        <div id=id>
            {match problem {
                Some(problem) => {
                    let text = [Some(problem.message), problem.hint].into_iter().flatten();
                    let text = text.map(|text| sentence(&text)).collect::<Vec<_>>().join(" ");
                    view! { <p class="error">{text}</p> }.into_any()
                }
                None if help.is_empty() => ().into_any(),
                None => view! { <p class="help">{help}</p> }.into_any(),
            }}
        </div>
    }
}
