import type { Connection } from "@libp2p/interface";

/**
 * Ends a connection and all of its streams at once. libp2p's own `abort` throws when it cannot say goodbye on a connection that
 * is already closing, before it has ended it; at the second call it says nothing and ends it.
 */
export function endConnection(connection: Connection, reason: Error): void {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      connection.abort(reason);
      return;
    } catch {
      // The next attempt does not try to say goodbye.
    }
  }
}

/** Ends a connection after what is queued on it has left, within a second. */
export async function closeConnection(connection: Connection): Promise<void> {
  try {
    await connection.close();
  } catch (error) {
    endConnection(connection, error as Error);
  }
}
