/**
 * What Whisper is given of a sound, its log-mel spectrogram: how loud 80 bands of pitch are, a
 * hundred times a second.
 *
 * The same numbers as WhisperFeatureExtractor of transformers, by the definition: each moment is
 * multiplied with the waves of 201 pitches, without a fast Fourier transform. A cosine is the same
 * on both sides of the window's middle and a sine is its negative, so half of each will do.
 */
export const RATE = 16_000; // samples a second
export const [BANDS, FRAMES] = [80, 3000]; // 30 seconds
const [WINDOW, HOP] = [400, 160]; // samples
const SAMPLES = FRAMES * HOP;
const HALF = WINDOW / 2;
const PITCHES = 1 + HALF; // 0, 40, … 8000 hertz

/** Slaney's mel scale: even steps up to 1000 hertz, then each step is a factor. */
const hertz = (mel) => (mel < 15 ? (mel * 200) / 3 : 1000 * 6.4 ** ((mel - 15) / 27));

/** For each band the pitches that count, and how much: triangles that overlap by half. */
function bands() {
  const top = 15 + (27 * Math.log(8)) / Math.log(6.4); // 8000 hertz
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => hertz((i * top) / (BANDS + 1)));
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    return Float64Array.from({ length: PITCHES }, (_, pitch) => {
      const at = (pitch * RATE) / WINDOW;
      const height = Math.min((at - low) / (middle - low), (high - at) / (high - middle));
      return (Math.max(height, 0) * 2) / (high - low);
    });
  });
}

/**
 * @param {Float32Array} sound one channel, 16,000 samples a second; what comes after 30 seconds is left out
 * @returns {Float32Array} (3000 frames, 80 bands): a logarithm of the loudness, at most 8 powers of
 *   ten below the loudest; 30 seconds of them, with silence after the sound
 */
export function logMel(sound) {
  const heard = sound.subarray(0, SAMPLES);
  const sample = (at) => heard[at < 0 ? -at : at < SAMPLES ? at : 2 * SAMPLES - 2 - at] ?? 0; // mirrored at both ends
  const turn = (i) => (2 * Math.PI * i) / WINDOW;
  const hann = Float64Array.from({ length: WINDOW }, (_, i) => (1 - Math.cos(turn(i))) / 2);
  const wave = (of) => Float64Array.from({ length: PITCHES * PITCHES }, (_, i) => of(turn(Math.floor(i / PITCHES) * (i % PITCHES))));
  const [cosines, sines] = [wave(Math.cos), wave(Math.sin)];
  const filters = bands();
  const result = new Float32Array(FRAMES * BANDS).fill(Math.log10(1e-10));
  const [even, odd, power] = [0, 0, 0].map(() => new Float64Array(PITCHES));
  const last = Math.min(FRAMES, Math.ceil((heard.length + HALF) / HOP)); // from here on it is silent
  for (let frame = 0; frame < last; frame++) {
    const windowed = (i) => hann[i] * sample(frame * HOP - HALF + i);
    for (let i = 0; i <= HALF; i++) {
      const [here, there] = [windowed(i), i % HALF ? windowed(WINDOW - i) : 0];
      even[i] = here + there;
      odd[i] = here - there;
    }
    for (let pitch = 0, at = 0; pitch < PITCHES; pitch++) {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i <= HALF; i++, at++) {
        real += even[i] * cosines[at];
        imaginary += odd[i] * sines[at];
      }
      power[pitch] = real * real + imaginary * imaginary;
    }
    filters.forEach((filter, band) => {
      let sum = 0;
      for (let pitch = 0; pitch < PITCHES; pitch++) sum += filter[pitch] * power[pitch];
      result[frame * BANDS + band] = Math.log10(Math.max(sum, 1e-10));
    });
  }
  const least = result.reduce((a, b) => Math.max(a, b)) - 8;
  return result.map((x) => (Math.max(x, least) + 4) / 4);
}
