// @ts-check
// The sound of a notification: two short tones that the browser makes itself. Must not decide when it plays.

const TONES = [[659, 0], [880, 0.11]];
const LENGTH_SECONDS = 0.22;
const VOLUME = 0.09;

export class Sound {
  isWanted = false;
  /** @type {AudioContext | null} */
  #audio = null;

  constructor() {
    // Browsers let a page make sounds only after the person has used it.
    const prepare = () => {
      if (!this.isWanted || this.#audio || !("AudioContext" in window)) return;
      this.#audio = new AudioContext();
      for (const type of ["pointerdown", "keydown"]) document.removeEventListener(type, prepare);
    };
    for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, prepare, { passive: true });
  }

  async play() {
    const audio = this.#audio;
    if (!this.isWanted || !audio) return;
    await audio.resume().catch(() => undefined);
    for (const [hertz, delay] of TONES) playTone(audio, hertz, audio.currentTime + delay);
  }
}

/**
 * @param {AudioContext} audio
 * @param {number} hertz
 * @param {number} at seconds on the clock of `audio`
 */
function playTone(audio, hertz, at) {
  const tone = new OscillatorNode(audio, { type: "sine", frequency: hertz });
  const volume = new GainNode(audio, { gain: 0 });
  // A tone that starts or ends abruptly makes a click.
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(VOLUME, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + LENGTH_SECONDS);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + LENGTH_SECONDS);
}
