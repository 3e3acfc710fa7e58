// A store of this device (IndexedDB): opened for each act, so that no window holds up another.

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(request.error ?? new Error("IndexedDB")); };
  });
}

function through(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => { resolve(); };
    transaction.onabort = () => { reject(transaction.error ?? new Error("IndexedDB")); };
  });
}

export class DeviceStore<Name extends string> {
  readonly #name: string;
  readonly #keys: Readonly<Record<Name, string>>;

  /** `keys` names the stores, and the field of what is kept there that tells one from another. */
  constructor(name: string, keys: Readonly<Record<Name, string>>) {
    this.#name = name;
    this.#keys = keys;
  }

  async put(store: Name, kept: object): Promise<void> {
    await this.#within(store, "readwrite", (within) => within.put(kept));
  }

  async remove(store: Name, key: string): Promise<void> {
    await this.#within(store, "readwrite", (within) => within.delete(key));
  }

  find(store: Name, key: string): Promise<unknown> {
    return this.#within(store, "readonly", (within) => within.get(key) as IDBRequest<unknown>);
  }

  all(store: Name): Promise<unknown[]> {
    return this.#within(store, "readonly", (within) => within.getAll() as IDBRequest<unknown[]>);
  }

  async #within<T>(store: Name, mode: IDBTransactionMode, act: (within: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await this.#open();
    try {
      const transaction = database.transaction(store, mode);
      const result = await asked(act(transaction.objectStore(store)));
      // A write counts only once the transaction is through: a full disk speaks up here.
      if (mode === "readwrite") await through(transaction);
      return result;
    } finally {
      database.close();
    }
  }

  #open(): Promise<IDBDatabase> {
    const request = indexedDB.open(this.#name, 1);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries<string>(this.#keys)) request.result.createObjectStore(store, { keyPath });
    };
    return asked(request);
  }
}
