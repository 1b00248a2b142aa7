//! Room for text: how wide it will be, and where the labels of a column go so that none covers another.
//!
//! In:  texts and the places that they wish for. Out: places. A browser that lets a drawing grow asks here as well, so
//! that it moves the labels of growing lines as a new drawing would.

/// The least distance between the base lines of two labels in a column.
pub(crate) const LINE_HEIGHT: f64 = 13.0;

/// The size of every text in a drawing.
pub(crate) const FONT_SIZE: f64 = 11.0;

/// From the end of a line to its label.
pub const LABEL_GAP: f64 = 6.0;

/// Width of a label's key with the gap behind it.
pub const KEY: f64 = 12.0;

/// From a text's middle to its base line.
pub const TO_BASELINE: f64 = 3.5;

/// About how wide a text is at 11 px. The browser's font is not known here; the widths are those of common sans-serif
/// faces, rounded up.
#[must_use]
pub fn width(text: &str) -> f64 {
    let em: f64 = text
        .chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '/' | ' ' => 0.29,
            'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' => 0.35,
            'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' => 0.88,
            'A'..='Z' => 0.70,
            '\u{0}'..='\u{2FF}' => 0.56,
            '\u{2000}'..='\u{22FF}' => 0.60,
            '\u{370}'..='\u{10FF}' => 0.65,
            _ => 1.0,
        })
        .sum();
    em * FONT_SIZE
}

/// Moves labels of one column apart so that any two are at least [`LINE_HEIGHT`] from each other, as near to their wish
/// as that allows, and all lie between `top` and `bottom`.
///
/// The wishes are in the order of importance: labels that do not fit into the column any more are left out from the
/// end. Answers one place per wish, `None` for those left out.
#[cfg(feature = "draw")]
pub(crate) fn spread(wishes: &[f64], top: f64, bottom: f64) -> Vec<Option<f64>> {
    let room = ((bottom - top) / LINE_HEIGHT).floor().max(0.0) as usize + 1;
    let mut order: Vec<usize> = (0..wishes.len().min(room)).filter(|&index| wishes[index].is_finite()).collect();
    order.sort_by(|&a, &b| wishes[a].total_cmp(&wishes[b]));

    // Labels that touch form a block, whose members hang together at the mean of their wishes; a block that grows into
    // its neighbour swallows it. This moves every label as little as possible (in squares).
    struct Block {
        start: f64,
        members: usize,
    }
    let last_start = |members: usize| bottom - (members - 1) as f64 * LINE_HEIGHT;
    let mut blocks: Vec<Block> = Vec::new();
    for &index in &order {
        blocks.push(Block { start: wishes[index].max(top).min(bottom), members: 1 });
        while let [.., above, below] = blocks.as_mut_slice() {
            if below.start >= above.start + above.members as f64 * LINE_HEIGHT {
                break;
            }
            let (a, b) = (above.members as f64, below.members as f64);
            let wish_of_below = below.start - a * LINE_HEIGHT;
            above.start = (above.start * a + wish_of_below * b) / (a + b);
            above.members += below.members;
            above.start = above.start.max(top).min(last_start(above.members));
            blocks.pop();
        }
    }

    let mut placed = vec![None; wishes.len()];
    let mut members = order.iter();
    for block in &blocks {
        for row in 0..block.members {
            if let Some(&index) = members.next() {
                placed[index] = Some(block.start + row as f64 * LINE_HEIGHT);
            }
        }
    }
    placed
}

/// Places labels one after the other, each as near to its wish as those that stand already and those placed before it
/// allow: at least [`LINE_HEIGHT`] from all of them and between `top` and `bottom`.
///
/// For a drawing that grows: what stands is not moved. Answers one place per wish, `None` where there is no room.
#[must_use]
pub fn beside(wishes: &[f64], standing: &[f64], top: f64, bottom: f64) -> Vec<Option<f64>> {
    // A hair less than the line, so that a place computed from a neighbour is free.
    let clear = |place: f64, taken: &[f64]| taken.iter().all(|other| (place - other).abs() > LINE_HEIGHT - 1e-6);
    let mut taken = standing.to_vec();
    wishes
        .iter()
        .map(|wish| {
            let wish = wish.clamp(top, bottom.max(top));
            let around = taken.iter().flat_map(|other| [other - LINE_HEIGHT, other + LINE_HEIGHT]);
            let free = [wish].into_iter().chain(around).filter(|place| (top..=bottom).contains(place));
            let nearest =
                free.filter(|place| clear(*place, &taken)).min_by(|a, b| (a - wish).abs().total_cmp(&(b - wish).abs()));
            taken.extend(nearest);
            nearest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_label_makes_way_for_one_that_stands() {
        assert_eq!(beside(&[100.0, 60.0], &[98.0], 28.0, 232.0), [Some(111.0), Some(60.0)]);
        assert_eq!(beside(&[30.0], &[28.0, 41.0], 28.0, 54.0), [Some(54.0)]);
        assert_eq!(beside(&[30.0], &[28.0, 41.0], 28.0, 50.0), [None], "there is no room");
    }

    #[test]
    fn labels_with_room_stay_where_they_belong() {
        assert_eq!(spread(&[40.0, 100.0], 28.0, 232.0), [Some(40.0), Some(100.0)]);
    }

    #[test]
    fn labels_of_equal_lines_stand_around_their_line() {
        assert_eq!(spread(&[100.0, 100.0, 100.0], 28.0, 232.0), [Some(87.0), Some(100.0), Some(113.0)]);
    }

    #[test]
    fn labels_at_the_edge_are_pushed_inwards() {
        assert_eq!(spread(&[230.0, 232.0], 28.0, 232.0), [Some(219.0), Some(232.0)]);
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end() {
        assert_eq!(spread(&[10.0, 10.0, 10.0], 0.0, 20.0).iter().flatten().count(), 2);
    }

    proptest! {
        #[test]
        fn labels_are_never_nearer_than_13_px_and_never_outside(
            wishes in prop::collection::vec(-50.0..350.0f64, 0..20),
            height in 0.0..300.0f64,
        ) {
            let placed = spread(&wishes, 20.0, 20.0 + height);
            let mut rows: Vec<f64> = placed.iter().flatten().copied().collect();
            rows.sort_by(f64::total_cmp);
            for pair in rows.windows(2) {
                prop_assert!(pair[1] - pair[0] >= LINE_HEIGHT - 1e-6, "{rows:?}");
            }
            for row in &rows {
                prop_assert!((20.0 - 1e-6..=20.0 + height + 1e-6).contains(row), "{rows:?}");
            }
            let room = (height / LINE_HEIGHT).floor() as usize + 1;
            prop_assert_eq!(rows.len(), wishes.len().min(room));
        }

        #[test]
        fn labels_beside_others_keep_their_distance(
            wishes in prop::collection::vec(-50.0..350.0f64, 0..6),
            standing in prop::collection::vec(20.0..220.0f64, 0..4),
        ) {
            let placed: Vec<f64> = beside(&wishes, &standing, 20.0, 220.0).into_iter().flatten().collect();
            for (index, place) in placed.iter().enumerate() {
                prop_assert!((20.0..=220.0).contains(place), "{place}");
                for other in standing.iter().chain(&placed[..index]) {
                    prop_assert!((place - other).abs() >= LINE_HEIGHT - 1e-3, "{place} beside {other}");
                }
            }
        }

        #[test]
        fn labels_keep_the_order_of_their_lines(wishes in prop::collection::vec(0.0..200.0f64, 2..8)) {
            let placed = spread(&wishes, 0.0, 200.0);
            for (a, &wish_a) in wishes.iter().enumerate() {
                for (b, &wish_b) in wishes.iter().enumerate() {
                    if wish_a < wish_b {
                        prop_assert!(placed[a] < placed[b]);
                    }
                }
            }
        }
    }
}
