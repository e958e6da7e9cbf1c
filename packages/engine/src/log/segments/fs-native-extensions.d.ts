declare module "fs-native-extensions" {
  /**
   * Locks bytes of an open file for whoever opened it, until it is closed or the process ends. False if somebody else has them. Throws
   * what the operating system says.
   */
  export function tryLock(file: number, offset: number, length: number): boolean;
}
