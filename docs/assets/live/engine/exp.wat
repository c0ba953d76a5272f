;; What consists of exponentials, four at a time (WebAssembly SIMD): the gate of SwiGLU, softmax, and its sum.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `count` is of numbers, and what follows
;; them up to the next multiple of four is written over. plain.js says the same in plain JavaScript,
;; function by function: read it first.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

  ;; e^x = 2^n · e^r, where n is whole and r within ± (ln 2) / 2: the exponent of a float32 is n, and the
  ;; first eight terms of the series of e^r are right to 1e-8. ln 2 comes in two parts, so that n · ln 2 is
  ;; exact. From -87 to 87; beyond, as at the ends.
  (func $exp (param $x v128) (result v128)
    (local $n v128) (local $y v128)
    (local.set $x (f32x4.pmin (f32x4.splat (f32.const 87)) (f32x4.pmax (f32x4.splat (f32.const -87)) (local.get $x))))
    (local.set $n (f32x4.nearest (f32x4.mul (local.get $x) (f32x4.splat (f32.const 1.442695041)))))
    (local.set $x (f32x4.add (local.get $x) (f32x4.mul (local.get $n) (f32x4.splat (f32.const -0.693359375)))))
    (local.set $x (f32x4.add (local.get $x) (f32x4.mul (local.get $n) (f32x4.splat (f32.const 2.12194440e-4)))))
    (local.set $y (f32x4.splat (f32.const 1.984126984e-4))) ;; 1/7!
    (local.set $y (f32x4.add (f32x4.splat (f32.const 1.388888889e-3)) (f32x4.mul (local.get $y) (local.get $x))))
    (local.set $y (f32x4.add (f32x4.splat (f32.const 8.333333333e-3)) (f32x4.mul (local.get $y) (local.get $x))))
    (local.set $y (f32x4.add (f32x4.splat (f32.const 4.166666667e-2)) (f32x4.mul (local.get $y) (local.get $x))))
    (local.set $y (f32x4.add (f32x4.splat (f32.const 0.1666666667)) (f32x4.mul (local.get $y) (local.get $x))))
    (local.set $y (f32x4.add (f32x4.splat (f32.const 0.5)) (f32x4.mul (local.get $y) (local.get $x))))
    (local.set $y (f32x4.add (f32x4.splat (f32.const 1)) (f32x4.mul (local.get $y) (local.get $x))))
    (local.set $y (f32x4.add (f32x4.splat (f32.const 1)) (f32x4.mul (local.get $y) (local.get $x))))
    (f32x4.mul (local.get $y) (i32x4.shl
      (i32x4.add (i32x4.trunc_sat_f32x4_s (local.get $n)) (i32x4.splat (i32.const 127))) (i32.const 23))))

  ;; gate = gate · sigmoid(gate) · up
  (func (export "gate") (param $gate i32) (param $up i32) (param $count i32)
    (local $end i32) (local $g v128)
    (local.set $end (i32.add (local.get $gate) (i32.mul (local.get $count) (i32.const 4))))
    (loop $four
      (local.set $g (v128.load (local.get $gate)))
      (v128.store (local.get $gate) (f32x4.div (f32x4.mul (local.get $g) (v128.load (local.get $up)))
        (f32x4.add (f32x4.splat (f32.const 1)) (call $exp (f32x4.neg (local.get $g))))))
      (local.set $gate (i32.add (local.get $gate) (i32.const 16)))
      (local.set $up (i32.add (local.get $up) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $gate) (local.get $end)))))

  ;; `count` numbers from x on, to a multiple of four with what adds nothing to a sum of exponentials: where
  ;; they end.
  (func $filled (param $x i32) (param $count i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $count) (i32.const 4))))
    (block $whole
      (loop $one
        (br_if $whole (i32.eqz (i32.and (i32.sub (local.get $end) (local.get $x)) (i32.const 15))))
        (f32.store (local.get $end) (f32.const -inf))
        (local.set $end (i32.add (local.get $end) (i32.const 4)))
        (br $one)))
    (local.get $end))

  ;; The largest number between two addresses, four times.
  (func $largest (param $x i32) (param $end i32) (result v128)
    (local $most v128)
    (local.set $most (f32x4.splat (f32.const -inf)))
    (loop $four
      (local.set $most (f32x4.pmax (local.get $most) (v128.load (local.get $x))))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $x) (local.get $end))))
    (local.set $most (f32x4.pmax (local.get $most)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $most) (local.get $most))))
    (f32x4.pmax (local.get $most)
      (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $most) (local.get $most))))

  ;; In place: e^(x · scale), divided by their sum.
  (func (export "softmax") (param $x i32) (param $count i32) (param $scale f32)
    (local $at i32) (local $end i32) (local $most v128) (local $total v128) (local $times v128)
    (local.set $end (call $filled (local.get $x) (local.get $count)))
    (local.set $most (call $largest (local.get $x) (local.get $end)))
    (local.set $times (f32x4.splat (local.get $scale)))
    (local.set $at (local.get $x))
    (loop $four
      (v128.store (local.get $at) (call $exp
        (f32x4.mul (local.get $times) (f32x4.sub (v128.load (local.get $at)) (local.get $most)))))
      (local.set $total (f32x4.add (local.get $total) (v128.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $at) (local.get $end))))
    (local.set $total (f32x4.splat (call $sum (local.get $total))))
    (local.set $at (local.get $x))
    (loop $four
      (v128.store (local.get $at) (f32x4.div (v128.load (local.get $at)) (local.get $total)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $at) (local.get $end)))))

  ;; The sum of e^(x - the largest x), and as a second result the largest.
  (func (export "expSum") (param $x i32) (param $count i32) (result f32 f32)
    (local $end i32) (local $most v128) (local $total v128)
    (local.set $end (call $filled (local.get $x) (local.get $count)))
    (local.set $most (call $largest (local.get $x) (local.get $end)))
    (loop $four
      (local.set $total (f32x4.add (local.get $total)
        (call $exp (f32x4.sub (v128.load (local.get $x)) (local.get $most)))))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $x) (local.get $end))))
    (call $sum (local.get $total)) (f32x4.extract_lane 0 (local.get $most))))
