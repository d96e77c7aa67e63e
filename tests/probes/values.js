// What a program of JavaScript draws, counts, orders and says.
console.log(Math.random(), Math.random(), Date.now(), new Date().toISOString());
console.log([3, 1, 10, 2].sort(), Object.keys({ b: 1, 2: 1, a: 1, 1: 1 }), [...new Set('mississippi')].join(''));
console.log(0.1 + 0.2, 1e21, 1 / 3, (1234.5678).toFixed(2), (255).toString(16), 2n ** 100n, Math.hypot(3, 4), Math.sin(0.1));
const started = Date.now();
setTimeout(() => console.log('slept', Date.now() - started), 86400000);
for (const text of ['null.x', 'undefinedName', '[].at(1)(2)', 'JSON.parse("{")', 'BigInt(1.5)', '"x".repeat(-1)', 'new Array(-1)']) {
  try { console.log(eval(text)); } catch (error) { console.log(text, '->', error.name + ': ' + error.message); }
}
Promise.resolve(1).then((value) => console.log('then', value)).then(() => { throw new TypeError('unhandled'); });
