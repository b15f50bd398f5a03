//! Panics of migrations, told as errors: SeaORM panics at what SQLite cannot do.

use std::{
    any::Any,
    cell::Cell,
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    pin::pin,
    sync::Once,
};

use futures_util::FutureExt;

static HOOK: Once = Once::new();

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; if it panics, gives what the panic said, which is not printed besides.
///
/// # Errors
/// The message of the panic.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !CAUGHT.get() {
                usual(panic);
            }
        }));
    });
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let quietly = poll_fn(|context| {
        CAUGHT.set(true);
        let polled = work.as_mut().poll(context);
        CAUGHT.set(false);
        polled
    });
    quietly.await.map_err(|panic| message_of(panic.as_ref()))
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
