use crate::Context;
use crate::operator::Datum;
use crate::program::run::{Failed, Run};
use crate::program::{Expr, Iterate, Iteration};

impl<'r, C: Context> Run<'r, C> {
    pub(super) fn iterate(&mut self, iterate: &'r Iterate) -> Result<Datum<'r>, Failed> {
        let list = self.value(&iterate.list)?;
        let start = match iterate.how {
            Iteration::Reduce => self.value(&iterate.start)?,
            _ => Datum::Null,
        };
        let outer = (self.item, self.accumulator);
        let result = self.each(iterate, list, start);
        (self.item, self.accumulator) = outer;
        result
    }

    fn each(&mut self, iterate: &'r Iterate, list: Datum<'r>, start: Datum<'r>) -> Result<Datum<'r>, Failed> {
        let each = &iterate.each;
        Ok(match iterate.how {
            Iteration::Map => {
                let mapped = self.take(list.items().len())?;
                for (place, item) in std::iter::zip(&mut *mapped, list.items()) {
                    self.step(item)?;
                    *place = self.value(each)?;
                }
                Datum::Made(mapped)
            }
            Iteration::Filter => {
                let kept = self.take(list.items().len())?;
                let mut count = 0;
                for item in list.items() {
                    self.step(item)?;
                    if self.truth(each)? {
                        kept[count] = item;
                        count += 1;
                    }
                }
                Datum::Made(&kept[..count])
            }
            Iteration::Reduce => {
                self.accumulator = start;
                for item in list.items() {
                    self.step(item)?;
                    self.accumulator = self.value(each)?;
                }
                self.accumulator
            }
            // Of an empty list `all` is false: JsonLogic's definition, not the logician's.
            Iteration::All => Datum::Bool(list.items().len() > 0 && !self.any(each, list, false)?),
            Iteration::Some => Datum::Bool(self.any(each, list, true)?),
            Iteration::None => Datum::Bool(!self.any(each, list, true)?),
        })
    }

    /// Whether there is an item for which the rule has that truth.
    fn any(&mut self, each: &'r Expr, list: Datum<'r>, wanted: bool) -> Result<bool, Failed> {
        for item in list.items() {
            self.step(item)?;
            if self.truth(each)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes to an item; loops in loops over a long list of the context must end.
    fn step(&mut self, item: Datum<'r>) -> Result<(), Failed> {
        self.steps = self.steps.checked_sub(1).ok_or(Failed)?;
        self.item = item;
        Ok(())
    }
}
