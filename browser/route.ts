import { useEffect, useState } from "preact/hooks";

// Where one is stands behind the #: the host is asked for one page only, whatever is shown.

/** "#/sites/blog" as ["sites", "blog"]; the beginning is ["sites"]. */
export function partsOf(hash: string): readonly string[] {
  const parts = hash.replace(/^#\/?/, "").split("/").filter((part) => part !== "").map(decoded);
  return parts.length === 0 ? ["sites"] : parts;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function hashOf(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function goTo(...parts: readonly string[]): void {
  location.hash = hashOf(...parts);
}

export function useRoute(): readonly string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => {
      // The terminal's link, followed once more: whoever reads this has come in already.
      if (location.hash.startsWith("#open=")) history.replaceState(null, "", "/");
      setHash(location.hash);
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return partsOf(hash);
}
