// Every face is fetched at the start: the words of a lost connection may need one that no word has needed before.
document.fonts.forEach((face) => face.load().catch(() => {}));
