//! Powers of ten beside a number, as meters tell them: `[2298, [-1, "V"]]`, `{"value": 2298, "scaler": -1}`.

use crate::{near::neighbour, tape::Cursor};

/// The number that a leaf stands for; `object` is the one whose nameless value it is.
pub(crate) fn scaled(leaf: Cursor<'_, '_>, object: Option<Cursor<'_, '_>>) -> Option<f64> {
    let exponent = match behind(leaf) {
        Some((exponent, _)) => exponent,
        None => neighbour(object?, "scaler")?.number()?,
    };
    let exponent = Some(exponent).filter(|e| e.fract() == 0.0 && e.abs() <= 9.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number between -9 and 9")]
    let factor = 10_f64.powi(exponent.abs() as i32);
    let number = leaf.number()?;
    Some(if exponent < 0.0 { number / factor } else { number * factor })
}

/// The power of ten and the unit behind a leaf in a list of two.
pub(crate) fn behind<'t>(leaf: Cursor<'t, '_>) -> Option<(f64, &'t str)> {
    let pair = leaf.parent().filter(|_| leaf.index() == Some(0))?;
    let mut rest = pair.children().skip(1);
    let scaler = rest.next().filter(|scaler| scaler.is_array() && rest.next().is_none())?;
    let mut parts = scaler.children();
    Some((parts.next()?.number()?, parts.next()?.text()?))
}

/// Whether a leaf is the power of ten of another.
pub(crate) fn is_scaler(leaf: Cursor<'_, '_>) -> bool {
    let scaler = leaf.parent().filter(|scaler| leaf.index() == Some(0) && scaler.index() == Some(1));
    scaler.is_some_and(|scaler| scaler.children().nth(1).and_then(Cursor::text).is_some())
}
