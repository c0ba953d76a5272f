// Where a sound comes from: a clip of the book, a file, the microphone. What comes of each is one
// channel of 16,000 samples a second. Nothing of it leaves the page.

const RATE = 16_000;
export const LONGEST = 30; // seconds that the model reads
const HEAVIEST = 20; // MB of a file: all of it has to be unpacked
const HEAD = 44; // bytes before the samples of a plain WAV file

/** A clip of the book, by its name. */
export async function clip(name) {
  const response = await fetch(new URL(`../sounds/${name}.wav`, import.meta.url));
  if (!response.ok) throw new Error(`The clip did not come: the site answered ${response.status}.`);
  return Float32Array.from(new Int16Array(await response.arrayBuffer(), HEAD), (sample) => sample / 32768);
}

/** Any file that this browser can play; several channels become their mean. @param {Blob} file */
export async function unpacked(file) {
  if (file.size > HEAVIEST * 1e6) throw new Error(`The file has ${Math.round(file.size / 1e6)} MB; choose one of at most ${HEAVIEST}.`);
  const bytes = await file.arrayBuffer();
  const buffer = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes).catch(() => {
    throw new Error("This browser cannot read that as sound. Choose another file.");
  });
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  return channels[0].map((_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length);
}

/** Over plain http: no page is given a microphone. */
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);

/** The microphone, until `stop` says so or as much has come as the model reads. @param {AbortSignal} stop */
export async function recorded(stop, began) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(({ message }) => {
    throw new Error(`The browser gave no microphone: ${message}. Choose a file instead.`);
  });
  const parts = [];
  try {
    stop.throwIfAborted();
    const recorder = new MediaRecorder(stream);
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const over = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    began();
    const end = () => recorder.state === "recording" && recorder.stop();
    stop.addEventListener("abort", end);
    const timer = setTimeout(end, 1000 * LONGEST);
    await over;
    clearTimeout(timer);
  } finally {
    stream.getTracks().forEach((track) => track.stop()); // the sign that it listens goes out
  }
  return unpacked(new Blob(parts));
}

/** Plays a sound. @returns {() => void} ends it @param {() => void} over called when it has ended */
export function play(sound, over) {
  const context = new AudioContext();
  const buffer = context.createBuffer(1, sound.length, RATE);
  buffer.copyToChannel(sound, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.onended = () => {
    context.close();
    over();
  };
  source.connect(context.destination);
  source.start();
  return () => source.stop();
}
