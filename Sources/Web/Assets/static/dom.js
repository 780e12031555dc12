// Small pieces that the scripts build pages from.
const svgNS = 'http://www.w3.org/2000/svg';

/** An SVG element with its attributes and children. */
export function element(name, attributes, ...children) {
  const made = document.createElementNS(svgNS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A button that does something. */
export function button(title, body) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = title;
  made.addEventListener('click', body);
  return made;
}
