//! What only a browser has: cookies, the root element, storage, event streams.
//!
//! Called from the effects and event handlers of islands, which run in the browser alone. They are compiled for the
//! server, too, so that views need not branch on where they are built, but must never be called while rendering.

pub mod cursor;
pub mod form;
pub mod growth;
pub mod morph;
pub mod page;
pub mod stops;
pub mod stream;
pub mod theme;
