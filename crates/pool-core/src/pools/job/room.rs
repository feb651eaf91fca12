//! Where a submitter waits for room in the queue without blocking its thread.

use std::task::Waker;

use crate::sync::{Arc, waiting_line};
use crate::{Job, QueueId, Rejected, Submit};

/// A pool whose submitters wait so.
pub(crate) trait Room: Send + Sync {
    /// Tries to submit a job, not for the last time if the queue is full: then it comes back for
    /// [`Reason::Full`](crate::Reason::Full) and stays one of the pool's, which counts as queued. For any other reason it is
    /// rejected as others are. The first attempt is the one that counts as a submission.
    fn submit_waiting(&self, job: Job, submit: Submit, is_first: bool) -> Result<(), Rejected>;

    /// A place at the end of the line.
    fn place(&self, queue: QueueId) -> PlaceId;

    /// Has this woken when there may be room, and no other at this place. An attempt that begins after this has returned finds the
    /// room that was made before and woke no task.
    fn wait(&self, place: PlaceId, waker: Waker);

    /// The task at this place does not wait any more. A wake-up that has come for it goes to the next.
    fn leave(&self, place: PlaceId);
}

pub(crate) type PlaceId = waiting_line::Place<QueueId>;

/// A place in the line, until it is dropped.
pub(crate) struct Place {
    room: Arc<dyn Room>,
    id: PlaceId,
    has_waited: bool,
}

impl Place {
    pub(crate) fn new(room: Arc<dyn Room>, queue: QueueId) -> Self {
        let id = room.place(queue);
        Place { room, id, has_waited: false }
    }

    pub(crate) fn room(&self) -> &dyn Room {
        &*self.room
    }

    pub(crate) fn wait(&mut self, waker: &Waker) {
        self.has_waited = true;
        self.room.wait(self.id, waker.clone());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.has_waited {
            self.room.leave(self.id);
        }
    }
}
