//! The sizes of a drawing.
//!
//! A figure holds up to three drawings side by side and shows the one nearest to its width, so that 11 px text stays
//! 11 px. Which one is shown is decided by the style sheet, by the class of the drawing.

/// Which of a figure's drawings this is: the class of its root element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeClass {
    /// The width of the page.
    L,
    /// Two thirds or half of it.
    M,
    /// A phone, or a small multiple.
    S,
}

impl SizeClass {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::L => "l",
            Self::M => "m",
            Self::S => "s",
        }
    }
}

/// Width and height of a drawing in CSS pixels, and which of its figure's drawings it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The class of the root element.
    pub class: SizeClass,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// One of several small charts in a row: narrow margins, labels inside the plot, short texts.
    pub multiple: bool,
}

impl Size {
    /// The page's width.
    pub const L: Self = Self { class: SizeClass::L, width: 1216, height: 256, multiple: false };
    /// A page-wide chart on a narrower screen.
    pub const M: Self = Self { class: SizeClass::M, width: 720, height: 248, multiple: false };
    /// Two thirds of the page.
    pub const M_WIDE: Self = Self { class: SizeClass::M, width: 796, height: 248, multiple: false };
    /// Half of the page.
    pub const M_HALF: Self = Self { class: SizeClass::M, width: 596, height: 176, multiple: false };
    /// Beside the fields of a form.
    pub const M_FORM: Self = Self { class: SizeClass::M, width: 484, height: 216, multiple: false };
    /// A phone.
    pub const S: Self = Self { class: SizeClass::S, width: 358, height: 240, multiple: false };
    /// One of three or four small charts in a row.
    pub const MULTIPLE: Self = Self { class: SizeClass::S, width: 300, height: 132, multiple: true };

    /// The drawings of a chart over the whole width of a page.
    pub const PAGE: [Self; 3] = [Self::L, Self::M, Self::S];
    /// The drawings of a chart over two thirds of a page.
    pub const TWO_THIRDS: [Self; 2] = [Self::M_WIDE, Self::S];
    /// The drawings of a chart over half a page.
    pub const HALF: [Self; 2] = [Self::M_HALF, Self::S.height(168)];
    /// The drawings of the preview in the launch form.
    pub const FORM: [Self; 2] = [Self::M_FORM, Self::S.height(200)];
    /// The one drawing of a small multiple.
    pub const MULTIPLES: [Self; 1] = [Self::MULTIPLE];

    /// The same width with another height.
    #[must_use]
    pub const fn height(self, height: u32) -> Self {
        Self { height, ..self }
    }

    /// The same height with another width.
    #[must_use]
    pub const fn width(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// Whether long texts have their short form here.
    pub(crate) fn is_narrow(self) -> bool {
        self.width < 480
    }
}
