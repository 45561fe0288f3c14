/* Undo and redo over everything that changes a song: typing, writing, locks, titles, drafts. */

const MOST = 300; // steps kept
const TOGETHER = 1200; // ms within which changes of the same kind are one step

/**
 * States are kept whole (rows are shared between them, so they cost little).
 * @template T @param {T} first
 */
export function history(first) {
  let past = [];
  let future = [];
  let present = first;
  let last = { kind: "", at: 0 };

  return {
    get present() { return present; },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },

    /**
     * A new state. Changes of one `kind` soon after another are one step, those of a kind that begins with "="
     * however long they take; kind "" always makes its own.
     */
    push(state, kind = "", now = Date.now()) {
      const joins = kind && kind === last.kind && (kind.startsWith("=") || now - last.at < TOGETHER);
      if (!joins) past = [...past.slice(-MOST + 1), present];
      present = state;
      future = [];
      last = { kind, at: now };
    },
    /** Change where the caret was without a step. */
    amend(state) { present = state; },
    undo() {
      if (!past.length) return null;
      future = [present, ...future];
      present = past.at(-1);
      past = past.slice(0, -1);
      last = { kind: "", at: 0 };
      return present;
    },
    redo() {
      if (!future.length) return null;
      past = [...past, present];
      [present, ...future] = future;
      last = { kind: "", at: 0 };
      return present;
    },
    /** Forget everything: another song is on the desk. */
    reset(state) {
      past = [];
      future = [];
      present = state;
      last = { kind: "", at: 0 };
    },
  };
}
