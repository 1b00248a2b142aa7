//! Markdown to HTML for our own guides.
//!
//! In:  a guide. Out: HTML whose headings have ids, whose links between guides lead to `/docs/…`, and whose code can be
//! scrolled by keyboard. HTML in a guide is shown as text, never taken over.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A guide as HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    /// What the first heading says; it is not part of `html`.
    pub(super) title: String,
    /// Headings of the second level: id and text.
    pub(super) sections: Vec<(String, String)>,
    /// The rest.
    pub(super) html: String,
}

/// Renders a guide.
pub(super) fn render(markdown: &str) -> Rendered {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(harmless).collect();
    let mut rendered = Rendered { title: String::new(), sections: Vec::new(), html: String::new() };
    let mut out: Vec<Event<'_>> = Vec::with_capacity(events.len());
    let mut at = 0;
    while let Some(event) = events.get(at) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let end = events[at..].iter().position(|event| matches!(event, Event::End(TagEnd::Heading(_))));
                let end = at + end.unwrap_or(events.len() - at - 1);
                let text: String = events[at..end].iter().filter_map(text_of).collect();
                if *level == HeadingLevel::H1 {
                    rendered.title = text;
                } else {
                    let id = slug(&text);
                    if *level == HeadingLevel::H2 {
                        rendered.sections.push((id.clone(), text));
                    }
                    out.push(heading(*level, id));
                    out.extend(events[at + 1..=end].iter().cloned());
                }
                at = end + 1;
                continue;
            }
            Event::Start(Tag::Table(_)) => {
                // Wide tables scroll by themselves, and by keyboard.
                out.push(Event::Html(r#"<div class="wrap" tabindex="0">"#.into()));
                out.push(event.clone());
            }
            Event::End(TagEnd::Table) => {
                out.push(event.clone());
                out.push(Event::Html("</div>".into()));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => out.push(Event::Start(Tag::Link {
                link_type: *link_type,
                dest_url: address(dest_url),
                title: title.clone(),
                id: id.clone(),
            })),
            _ => out.push(event.clone()),
        }
        at += 1;
    }
    html::push_html(&mut rendered.html, out.into_iter());
    rendered.html = rendered.html.replace("<pre>", r#"<pre class="code" tabindex="0">"#);
    rendered
}

/// HTML in a text is shown as it is written; comments are for those who edit it.
fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) if text.trim_start().starts_with("<!--") && text.trim_end().ends_with("-->") => {
            Event::Text("".into())
        }
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    }
}

fn heading(level: HeadingLevel, id: String) -> Event<'static> {
    Event::Start(Tag::Heading { level, id: Some(CowStr::from(id)), classes: Vec::new(), attrs: Vec::new() })
}

fn text_of<'a>(event: &'a Event<'_>) -> Option<&'a str> {
    match event {
        Event::Text(text) | Event::Code(text) => Some(text),
        _ => None,
    }
}

/// `The verdict` is `the-verdict`.
fn slug(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// `suites.md#the-verdict` lies beside the guide on disk, and at `/docs/suites#the-verdict` here.
fn address<'a>(written: &CowStr<'a>) -> CowStr<'a> {
    let (path, fragment) = written.split_once('#').map_or((&**written, None), |(path, rest)| (path, Some(rest)));
    match path.strip_suffix(".md") {
        Some(name) if !name.contains('/') => {
            let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
            format!("/docs/{}{fragment}", name.to_lowercase()).into()
        }
        _ => written.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_can_be_linked_to_and_the_first_is_the_title() {
        let rendered = render("# Suites\n\nText.\n\n## The `verdict`, told\n\nMore.\n");
        assert_eq!(rendered.title, "Suites");
        assert_eq!(rendered.sections, [("the-verdict-told".to_owned(), "The verdict, told".to_owned())]);
        assert!(rendered.html.contains(r#"<h2 id="the-verdict-told">"#), "{}", rendered.html);
        assert!(!rendered.html.contains("<h1"), "{}", rendered.html);
    }

    #[test]
    fn links_between_guides_lead_to_their_pages() {
        let rendered = render("# A\n\n[b](timing.md) [c](suites.md#thresholds) [d](https://example.org/x.md)");
        for link in
            [r#"href="/docs/timing""#, r#"href="/docs/suites#thresholds""#, r#"href="https://example.org/x.md""#]
        {
            assert!(rendered.html.contains(link), "{link}: {}", rendered.html);
        }
    }

    #[test]
    fn html_in_a_text_is_shown_and_not_taken_over() {
        let rendered = render("# A\n\n<script>alert(1)</script>\n\nand <b onclick=x>bold</b>");
        assert!(!rendered.html.contains("<script"), "{}", rendered.html);
        assert!(!rendered.html.contains("<b "), "{}", rendered.html);
    }
}
