/** What is being done with files, for messages. */
export interface Deed {
  /** "Nothing was published" */
  readonly done: string;
  /** "and publish again" */
  readonly again: string;
  /** What a folder without a file is: nothing can be done with it, or it is kept as it is. */
  readonly mayBeEmpty: boolean;
  /** A name that is seldom meant for the public gets a warning. */
  readonly isPublic: boolean;
}

export const PUBLISHING: Deed = { done: "published", again: "publish again", mayBeEmpty: false, isPublic: true };
export const PUTTING: Deed = { done: "put", again: "put it again", mayBeEmpty: true, isPublic: false };
