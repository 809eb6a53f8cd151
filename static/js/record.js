// A voice note of a minute at most, recorded in the page; where that cannot be, the phone's own recorder is asked.
(() => {
  "use strict";
  const LONGEST = 60;
  document.querySelectorAll("[data-voice]").forEach((box) => {
    const part = (name) => box.querySelector(`[data-voice-${name}]`);
    const [start, stop, away, heard, seconds, file, told] = ["start", "stop", "away", "heard", "seconds", "file", "told"].map(part);
    if (!navigator.mediaDevices || !window.MediaRecorder || !window.DataTransfer) return;
    file.closest("label").hidden = true;
    start.hidden = false;
    let recorder = null;
    let clock = 0;
    const state = (now) => {
      start.hidden = now !== "ready";
      stop.hidden = now !== "recording";
      away.hidden = heard.hidden = now !== "done";
    };
    start.addEventListener("click", async () => {
      told.textContent = "";
      let sound;
      try {
        sound = await navigator.mediaDevices.getUserMedia({ audio: true });
      } catch {
        told.textContent = box.dataset.refused;
        file.closest("label").hidden = false;
        return;
      }
      const pieces = [];
      recorder = new MediaRecorder(sound, { audioBitsPerSecond: 24000 });
      recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
      recorder.addEventListener("stop", () => {
        clearInterval(clock);
        sound.getTracks().forEach((track) => track.stop());
        const kind = (recorder.mimeType || "audio/webm").split(";")[0];
        const note = new File(pieces, `voice.${kind.split("/")[1]}`, { type: kind });
        const carrier = new DataTransfer();
        carrier.items.add(note);
        file.files = carrier.files;
        heard.src = URL.createObjectURL(note);
        told.textContent = box.dataset.kept;
        state("done");
      });
      recorder.start();
      let left = LONGEST;
      seconds.textContent = left;
      clock = setInterval(() => {
        left -= 1;
        seconds.textContent = left;
        if (left <= 0) recorder.stop();
      }, 1000);
      state("recording");
      stop.focus();
    });
    stop.addEventListener("click", () => { if (recorder && recorder.state === "recording") recorder.stop(); });
    away.addEventListener("click", () => {
      URL.revokeObjectURL(heard.src);
      heard.removeAttribute("src");
      file.value = "";
      told.textContent = "";
      state("ready");
      start.focus();
    });
  });
})();
