const SELDOM = /(^|\/)(\.git|\.svn|\.hg|\.env[^/]*|\.ssh|\.htpasswd|\.DS_Store|node_modules)(\/|$)/;

/** Whether a path has a name that is seldom meant for the public. */
export function isSeldomPublic(path: string): boolean {
  return SELDOM.test(path);
}
