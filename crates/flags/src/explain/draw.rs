use crate::explain::{Draw, Share};
use crate::{CompiledFlag, Context, Split};

/// What a gray flag draws.
pub(super) fn of_split<C: Context>(flag: &CompiledFlag, split: &Split, context: &C) -> Draw {
    let hash = flag.split_hash(split, context);
    let name = |index: u16| {
        let variant = flag.variants().get(usize::from(index));
        variant.map(|variant| variant.name.to_string())
    };
    let share = |index, from, until| Share {
        variant: name(index),
        from,
        until,
    };
    Draw {
        bucketing: flag.bucketing().as_str(),
        hash,
        bucket: hash.map(|hash| flag.bucketing().bucket(hash, split.of)),
        of: split.of,
        ranges: vec![
            share(split.on, 0, split.share),
            share(split.off, split.share, split.of),
        ],
    }
}
