//! The end of a process: nothing that has begun is lost, every connection is accounted for, and the process ends in time.

mod fates;
mod goaway;
mod requests;
