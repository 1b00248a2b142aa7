//! The frame of every page: document, head, top bar, routes, and the page for addresses that lead nowhere.
//!
//! In:  the request (as Leptos context) and where the site's files are ([`LeptosOptions`]).
//! Out: a whole HTML document. Its theme is known before the first byte; its scripts carry the reply's nonce.
//! Not here: the pages ([`crate::pages`]) and the reply's headers (`perflab-server`).

use axum::http::header::COOKIE;
use axum::http::request::Parts;
use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::Router;
use leptos_router::hooks::use_location;

use crate::islands::ThemeToggle;
use crate::pages::{Pages, safety::KillBanner};
use crate::theme::Theme;

/// The HTML document around the [`App`].
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = options.site_pkg_dir.clone();
    let name = options.output_name.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=requested_theme().attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=format!("/{pkg}/icon.svg") type="image/svg+xml"/>
                <link rel="stylesheet" href=format!("/{pkg}/{name}.css")/>
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The app inside the document: top bar and the page that the address asks for.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=document_title/>
        <Router>
            <a class="skip" href="#main">"Skip to content"</a>
            <TopBar/>
            <KillBanner/>
            <main id="main">
                <Pages/>
            </main>
            <Foot/>
        </Router>
    }
}

/// The title of a page in its document. It is written there as it stands, so what could end the title (the name of a
/// scenario is anybody's text) is written as text here.
fn document_title(page: String) -> String {
    let title = if page.is_empty() { "perflab".to_owned() } else { format!("{page} · perflab") };
    title.replace('&', "&amp;").replace('<', "&lt;")
}

/// Brand, the places a person can go to, the theme, and the way to a new run.
#[component]
fn TopBar() -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let here = Place::of(&path);
    let current = move |place| (here == Some(place)).then_some("page");
    view! {
        <header class="topbar">
            <a class="brand quiet" href="/">
                <svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
                    <path d="M1 14h3.5l2.5-5 2 3 3-10 2.5 12H17"></path>
                </svg>
                "perflab"
            </a>
            <nav aria-label="Main">
                <a href="/" aria-current=current(Place::Runs)>"Runs"</a>
                <a href="/suites" aria-current=current(Place::Suites)>"Suites"</a>
                <a href="/trends" aria-current=current(Place::Trends)>"Trends"</a>
                <a href="/findings" aria-current=current(Place::Findings)>"Findings"</a>
                <a href="/capacity" aria-current=current(Place::Capacity)>"Capacity"</a>
                <a href="/docs" aria-current=current(Place::Docs)>"Docs"</a>
            </nav>
            <span class="spring"></span>
            <ThemeToggle theme=requested_theme() back=path_and_query()/>
            <a class="btn" href="/launch" aria-current=current(Place::Launch)>"New run"</a>
        </header>
    }
}

/// What is seldom needed, and then quickly.
#[component]
fn Foot() -> impl IntoView {
    let here = use_location().pathname.get_untracked() == "/safety";
    view! {
        <footer class="foot">
            <a href="/safety" aria-current=here.then_some("page")>"Safety: stop all load"</a>
        </footer>
    }
}

/// Where in the app an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Runs,
    Suites,
    Trends,
    Findings,
    Capacity,
    Launch,
    Docs,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        match path.trim_start_matches('/').split('/').next() {
            None | Some("" | "runs") => Some(Self::Runs),
            Some("suites" | "drafts") => Some(Self::Suites),
            Some("trends") => Some(Self::Trends),
            Some("findings") => Some(Self::Findings),
            Some("capacity") => Some(Self::Capacity),
            Some("launch") => Some(Self::Launch),
            Some("docs") => Some(Self::Docs),
            Some(_) => None,
        }
    }
}

/// The theme that the request's cookie names.
fn requested_theme() -> Theme {
    use_context::<Parts>()
        .and_then(|parts| parts.headers.get(COOKIE)?.to_str().ok().map(Theme::from_cookies))
        .unwrap_or_default()
}

/// The address of this page, for forms that come back to it.
fn path_and_query() -> String {
    use_context::<Parts>()
        .and_then(|parts| parts.uri.path_and_query().map(ToString::to_string))
        .unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn no_name_ends_the_title_early() {
        assert_eq!(document_title("a </title><script> & b".to_owned()), "a &lt;/title>&lt;script> &amp; b · perflab");
        assert_eq!(document_title(String::new()), "perflab");
    }

    #[rstest]
    #[case::home("/", Some(Place::Runs))]
    #[case::one_run("/runs/0198", Some(Place::Runs))]
    #[case::trends("/trends", Some(Place::Trends))]
    #[case::capacity("/capacity/new", Some(Place::Capacity))]
    #[case::launch("/launch", Some(Place::Launch))]
    #[case::a_guide("/docs/timing", Some(Place::Docs))]
    #[case::nowhere("/nowhere", None)]
    #[case::only_begins_alike("/runsheet", None)]
    fn the_top_bar_marks_where_a_person_is(#[case] path: &str, #[case] place: Option<Place>) {
        assert_eq!(Place::of(path), place);
    }
}
