// @ts-check
// An EventTarget whose events carry a detail. Must not know what the events mean.

export class Emitter extends EventTarget {
  /**
   * Calls `listener` with the detail of each event of this type.
   * @param {string} type
   * @param {(detail: any) => void} listener
   */
  on(type, listener) {
    this.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  /**
   * @param {string} type
   * @param {object} [detail]
   * @protected
   */
  emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
