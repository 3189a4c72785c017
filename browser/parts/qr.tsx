import type { JSX } from "preact";
import { encode } from "uqr";

/** A text as a QR code, dark on white also in the dark, as cameras want it. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges"><rect width={size} height={size} fill="#fff" /><path d={path} fill="#111" /></svg>;
}
